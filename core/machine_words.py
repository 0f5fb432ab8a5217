"""What machines say when they answer a telephone, in the languages we know.

Written as `plain` leaves a text: small letters without accents and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from core.languages import primary


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineWords:
    """Patterns of one language. `surely`: of those, what no person says who has just answered."""

    voicemail: str
    menu: str
    surely: str


_EN_KEY = r"(?:\d|one|two|three|four|five|six|seven|eight|nine|zero|star|pound)"
_DE_KEY = r"(?:\d|eins|zwei|drei|vier|funf|sechs|sieben|acht|neun|null|stern|raute)"
_ES_KEY = r"(?:\d|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|cero|asterisco|almohadilla)"
_FR_KEY = r"(?:\d|un|deux|trois|quatre|cinq|six|sept|huit|neuf|zero|etoile|diese)"

MACHINES: Mapping[str, MachineWords] = {
    "en": MachineWords(
        voicemail=r"voice ?mail|answering machine|mailbox|record your message|missed your call|"
        r"leave (?:me |us )?(?:a|your|an?y?) (?:\w+ )?(?:message|name)|"
        r"(?:after|at) the (?:tone|beep|sound)|"
        r"(?:can't|cannot|can not|unable to|not able to) (?:come to|get to|take|answer|reach) "
        r"(?:the|your|my) (?:phone|call)|"
        r"(?:is|am|are|'m|'s|'re) (?:not|currently un|un) ?available|"
        r"away from (?:the|my) (?:phone|desk)|get back to you",
        menu=rf"press {_EN_KEY}|say or press|main menu|following options|listen carefully|"
        r"for (?:english|spanish|sales|support|billing)|para espanol|your party's extension|"
        r"dial (?:by name|\d)|hours of operation|calls? (?:may|will) be (?:recorded|monitored)",
        surely=r"(?:after|at) the (?:tone|beep)|record your message|automated voice ?mail|"
        r"the person you(?:'re| are| have)? (?:trying to reach|calling|called|dialed)|"
        rf"press {_EN_KEY} (?:for|to)|for (?:\w+ ){{1,4}}press {_EN_KEY}|say or press|"
        r"(?:the|our) following options|menu (?:has|have|options)",
    ),
    "de": MachineWords(
        voicemail=r"mailbox|sprachbox|anrufbeantworter|nachricht (?:\w+ )?hinterlassen|"
        r"hinterlass(?:en sie|t|e)? (?:\w+ ){0,2}(?:ihren?|euren?|deinen?|eine) (?:\w+ )?"
        r"(?:nachricht|namen|\w*nummer)|nach dem (?:signal|piep|ton)\w*|"
        r"(?:nicht|un) ?(?:erreichbar|zu erreichen|verfugbar)|"
        r"nicht (?:ans telefon|(?:personlich )?entgegennehmen|ans handy)|"
        r"(?:rufe(?: ich)?|wir rufen|rufen wir) (?:sie|dich|euch) (?:\w+ ){0,6}zuruck",
        menu=rf"(?:drucken|wahlen) sie (?:bitte )?(?:die )?(?:taste )?{_DE_KEY}|hauptmenu|"
        r"folgende\w* (?:optionen|moglichkeiten)|horen sie (?:bitte )?(?:genau|aufmerksam) zu|"
        r"unsere (?:offnungs|geschafts|service)zeiten|"
        r"(?:anruf|gesprach)\w* (?:\w+ ){0,6}(?:aufgezeichnet|mitgeschnitten)",
        surely=r"nach dem (?:signal|piep|ton)\w*|der gewunschte gesprachspartner|"
        r"die (?:gewunschte|gewahlte) rufnummer|"
        rf"(?:drucken|wahlen) sie (?:bitte )?(?:die )?(?:taste )?{_DE_KEY}",
    ),
    "es": MachineWords(
        voicemail=r"buzon|contestador\w*|graben? (?:su|tu|un) mensaje|"
        r"dej(?:a|e|en|ar)(?:me|nos)? (?:un|su|tu) (?:mensaje|recado|nombre)|"
        r"(?:despues|luego) de (?:oir |escuchar )?(?:la senal|el tono)|despues del tono|"
        r"(?:tras|al oir) (?:la senal|el tono)|fuera de cobertura|"
        r"no (?:puedo|podemos|puede) (?:atender|contestar|responder|coger)|"
        r"no (?:esta|estoy|estamos|se encuentra) (?:\w+ )?disponibles?|"
        r"(?:te|le|les|os) (?:llamare|llamaremos|devolvere|devolveremos)",
        menu=rf"(?:pulse|marque|presione|oprima) (?:el |la )?(?:numero |tecla )?{_ES_KEY}|"
        r"menu principal|siguientes opciones|escuche (?:con atencion|atentamente)|"
        r"horarios? de atencion|llamada (?:puede|podra|podria|sera) (?:ser )?grabada",
        surely=r"(?:despues|luego) de (?:oir |escuchar )?(?:la senal|el tono)|despues del tono|"
        r"(?:tras|al oir) (?:la senal|el tono)|fuera de cobertura|graben? (?:su|tu) mensaje|"
        r"el (?:numero|telefono|abonado) (?:al )?que (?:usted )?(?:ha )?(?:llama|marca)\w*|"
        rf"(?:pulse|marque|presione|oprima) (?:el |la )?(?:numero |tecla )?{_ES_KEY}",
    ),
    "fr": MachineWords(
        voicemail=r"repondeur|messagerie|boite vocale|"
        r"laisse[rz]?(?: moi| nous)? (?:un|votre|ton) (?:\w+ )?(?:message|nom)|"
        r"(?:apres le|au) (?:bip|signal)\w*|apres la tonalite|"
        r"pas (?:\w+ )?(?:disponibles?|joignables?)|"
        r"(?:peux|peut|puis|pouvons) pas (?:vous |te )?(?:repondre|prendre)|"
        r"(?:vous|te) (?:rappellerai|rappellerons|rappelle des|rappelons des)",
        menu=rf"(?:tapez|composez|faites|appuyez sur) (?:le |la )?(?:touche )?{_FR_KEY}|"
        r"menu principal|(?:options|choix) suivante?s|ecoutez attentivement|"
        r"horaires d'ouverture|(?:appel|conversation) (?:\w+ ){0,4}(?:d'etre |etre )?enregistree?",
        surely=r"(?:apres le|au) (?:bip|signal)\w*|apres la tonalite|"
        r"(?:le correspondant|la personne|le numero) que vous (?:\w+ )?(?:appel|demand|compos)\w*|"
        rf"(?:tapez|composez|appuyez sur) (?:le |la )?(?:touche )?{_FR_KEY}",
    ),
}
"""By primary subtag."""


def plain(text: str) -> str:
    """Return a text in small letters, without accents and punctuation."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[\w']+", bare))


@cache
def patterns(
    languages: tuple[str, ...],
) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what voicemails, menus and only machines say; in every language if none is known."""
    known = [MACHINES[tag] for tag in map(primary, languages) if tag in MACHINES]
    words = known or list(MACHINES.values())
    return (
        _any(each.voicemail for each in words),
        _any(each.menu for each in words),
        _any(each.surely for each in words),
    )


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b")
