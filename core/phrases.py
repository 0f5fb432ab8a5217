"""What an agent says when no model is asked, in the languages we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.languages import primary


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Fixed words of a call, in one language."""

    greeting: str = "Hello. How can I help you?"
    welcome_back: str = "Welcome back!"
    passing_on: str = "One moment, I am passing you on."
    reprompts: tuple[str, ...] = (
        "Are you still there?",
        "I can't hear you. If you need a moment, just tell me.",
    )
    goodbye: str = "I'm ending the call now, since I can't hear you. Goodbye."
    filler: str = "One moment, please."
    still_working: str = "I am still working on it. Thank you for your patience."
    apology: str = "I'm sorry, something went wrong on my side. Could you say that again?"
    farewell: str = "I'm sorry, something is wrong on my side. Please call again later. Goodbye."
    empty: str = "I'm sorry, I didn't get that. Could you say it in other words?"
    filtered: str = "I'm sorry, I can't talk about that. What else can I do for you?"
    too_many_steps: str = "I'm sorry, I could not work that out. Shall we try something else?"
    too_long: str = "There is more to say about this. Shall I go on?"
    deaf: str = "I'm sorry, I can't hear you because of a technical problem. Please call again."
    resumed: str = "Sorry, I lost you for a moment."
    voicemail: str = "Hello. This is an automated call. We will try to reach you again. Goodbye."
    go_on: str = "Please go on."
    time_is_short: str = "This call can only last a little longer. Let us come to a close."
    may_record: str = "May I record this call, so that we can get better?"
    is_recorded: str = "This call is recorded. If you do not want that, just say so."
    recorded: str = "Thank you. How can I help you?"
    not_recorded: str = "All right, this call is not recorded. How can I help you?"

    def named(self, name: str) -> str:
        """Return the phrase that the turn machine asks for by this name."""
        match name:
            case "filler":
                return self.filler
            case "apology":
                return self.apology
            case "farewell":
                return self.farewell
            case _:
                return self.empty


PHRASES: Mapping[str, Phrases] = {
    "en": Phrases(),
    "de": Phrases(
        greeting="Guten Tag. Wie kann ich Ihnen helfen?",
        welcome_back="Schön, dass Sie wieder da sind!",
        passing_on="Einen Moment, ich gebe Sie weiter.",
        reprompts=(
            "Sind Sie noch da?",
            "Ich höre Sie nicht. Wenn Sie einen Moment brauchen, sagen Sie es einfach.",
        ),
        goodbye="Ich beende jetzt das Gespräch, weil ich Sie nicht höre. Auf Wiederhören.",
        filler="Einen Moment, bitte.",
        still_working="Ich bin noch dabei. Danke für Ihre Geduld.",
        apology="Entschuldigung, da ist mir etwas schiefgegangen. Sagen Sie das bitte noch einmal?",
        farewell="Entschuldigung, bei mir ist gerade etwas gestört. Bitte rufen Sie später noch "
        "einmal an. Auf Wiederhören.",
        empty="Entschuldigung, das habe ich nicht verstanden. Können Sie es anders sagen?",
        filtered="Entschuldigung, darüber kann ich nicht sprechen. Was kann ich sonst für Sie tun?",
        too_many_steps="Entschuldigung, das ist mir nicht gelungen. Sollen wir etwas anderes "
        "versuchen?",
        deaf="Entschuldigung, wegen einer technischen Störung höre ich Sie nicht. Bitte rufen Sie "
        "noch einmal an.",
        too_long="Dazu gibt es noch mehr zu sagen. Soll ich weitersprechen?",
        resumed="Entschuldigung, ich hatte Sie kurz verloren.",
        voicemail="Guten Tag. Dies ist ein automatischer Anruf. Wir versuchen es wieder. "
        "Auf Wiederhören.",
        go_on="Bitte sprechen Sie weiter.",
        time_is_short="Dieses Gespräch kann nur noch kurz dauern. Lassen Sie uns zum Ende kommen.",
        may_record="Darf ich dieses Gespräch aufzeichnen, damit wir besser werden?",
        is_recorded="Dieses Gespräch wird aufgezeichnet. Wenn Sie das nicht möchten, sagen Sie es "
        "einfach.",
        recorded="Danke. Wie kann ich Ihnen helfen?",
        not_recorded="Gut, dieses Gespräch wird nicht aufgezeichnet. Wie kann ich Ihnen helfen?",
    ),
    "es": Phrases(
        greeting="Hola. ¿En qué puedo ayudarle?",
        welcome_back="¡Hola de nuevo!",
        passing_on="Un momento, le paso con otra persona.",
        reprompts=(
            "¿Sigue ahí?",
            "No le oigo. Si necesita un momento, dígamelo.",
        ),
        goodbye="Voy a terminar la llamada, porque no le oigo. Adiós.",
        filler="Un momento, por favor.",
        still_working="Sigo en ello. Gracias por su paciencia.",
        apology="Lo siento, algo ha fallado por mi parte. ¿Puede repetirlo?",
        farewell="Lo siento, tengo un problema técnico. Llame más tarde, por favor. Adiós.",
        empty="Perdone, no le he entendido. ¿Puede decirlo de otra manera?",
        filtered="Lo siento, no puedo hablar de eso. ¿Qué más puedo hacer por usted?",
        too_many_steps="Lo siento, no lo he conseguido. ¿Probamos otra cosa?",
        deaf="Lo siento, no le oigo por un problema técnico. Vuelva a llamar, por favor.",
        too_long="Hay más que decir sobre esto. ¿Sigo?",
        resumed="Perdone, le he perdido un momento.",
        voicemail="Hola. Esta es una llamada automática. Volveremos a llamarle. Adiós.",
        go_on="Siga, por favor.",
        time_is_short="Esta llamada ya solo puede durar un poco más. Vayamos terminando.",
        may_record="¿Puedo grabar esta llamada para mejorar nuestro servicio?",
        is_recorded="Esta llamada se graba. Si no lo desea, dígamelo.",
        recorded="Gracias. ¿En qué puedo ayudarle?",
        not_recorded="De acuerdo, esta llamada no se graba. ¿En qué puedo ayudarle?",
    ),
    "fr": Phrases(
        greeting="Bonjour. Comment puis-je vous aider ?",
        welcome_back="Ravi de vous retrouver !",
        passing_on="Un instant, je vous passe un collègue.",
        reprompts=(
            "Vous êtes toujours là ?",
            "Je ne vous entends pas. S'il vous faut un moment, dites-le-moi.",
        ),
        goodbye="Je mets fin à l'appel, car je ne vous entends pas. Au revoir.",
        filler="Un instant, s'il vous plaît.",
        still_working="J'y travaille encore. Merci de votre patience.",
        apology="Excusez-moi, quelque chose n'a pas marché de mon côté. Pouvez-vous répéter ?",
        farewell="Excusez-moi, j'ai un problème technique. Rappelez plus tard, s'il vous plaît. "
        "Au revoir.",
        empty="Excusez-moi, je n'ai pas compris. Pouvez-vous le dire autrement ?",
        filtered="Excusez-moi, je ne peux pas en parler. Que puis-je faire d'autre pour vous ?",
        too_many_steps="Excusez-moi, je n'y suis pas arrivé. Essayons-nous autre chose ?",
        deaf="Excusez-moi, je ne vous entends pas à cause d'un problème technique. Rappelez, "
        "s'il vous plaît.",
        too_long="Il y a encore des choses à dire là-dessus. Je continue ?",
        resumed="Excusez-moi, je vous ai perdu un instant.",
        voicemail="Bonjour. Ceci est un appel automatique. Nous vous rappellerons. Au revoir.",
        go_on="Continuez, je vous en prie.",
        time_is_short="Cet appel ne peut plus durer longtemps. Terminons, je vous prie.",
        may_record="Puis-je enregistrer cet appel, afin de nous améliorer ?",
        is_recorded="Cet appel est enregistré. Si vous ne le souhaitez pas, dites-le-moi.",
        recorded="Merci. Comment puis-je vous aider ?",
        not_recorded="Bien, cet appel n'est pas enregistré. Comment puis-je vous aider ?",
    ),
}
"""By primary subtag; a setting of calls may hold others."""


def phrases_in(language: str, book: Mapping[str, Phrases] = PHRASES) -> Phrases:
    """Return the phrases of a language, English where the book has none."""
    return book.get(primary(language)) or book.get("en") or PHRASES["en"]


def phrases_just_in(language: str) -> Phrases | None:
    """Return the phrases of just that language, if we have any."""
    return PHRASES.get(primary(language))
