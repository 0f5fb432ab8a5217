"""What the messages of the Speech service hold: events as JSON, settings and SSML read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from core.errors import EngineFailed
from core.speech import (
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    Voice,
    Word,
)
from localdev.emulators.speech_wire import TICKS_PER_MS, Malformed

_XML_NAMESPACE = "{http://www.w3.org/2001/10/synthesis}"


def message_of(event: HearingEvent, language: str) -> tuple[str, dict[str, Any]] | None:
    """Return what the service says of an event; of the end of speech it says nothing."""
    match event:
        case SpeechStarted():
            return "speech.startDetected", {"Offset": event.at_ms * TICKS_PER_MS}
        case PartialHeard():
            duration = (event.end_ms - event.start_ms) * TICKS_PER_MS
            offset = event.start_ms * TICKS_PER_MS
            body = {"Id": "partial", "Text": event.text, "Offset": offset, "Duration": duration}
            return "speech.hypothesis", body | _found(language)
        case FinalHeard():
            return "speech.phrase", phrase_body(
                text=event.text,
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                words=event.words or spread(event.text, event.start_ms, event.end_ms),
                language=language,
            )
        case HearingFailed():
            raise EngineFailed(event.error)
        case SpeechPaused() | SpeechResumed() | SpeechStopped():
            return None


def spread(text: str, start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Return the words of a text, sharing its time equally."""
    parts = text.split()
    step = (end_ms - start_ms) / max(1, len(parts))
    return tuple(
        Word(
            text=part,
            start_ms=start_ms + round(number * step),
            end_ms=start_ms + round((number + 1) * step),
        )
        for number, part in enumerate(parts)
    )


def hearing_config(context: Mapping[str, Any]) -> HearingConfig:
    """Return how a client wants to be heard."""
    detection = context.get("phraseDetection", {})
    mode = detection.get(detection.get("mode", ""), {}).get("segmentation", {})
    groups = context.get("dgi", {}).get("Groups", [])
    return HearingConfig(
        language=detection.get("language", "en-US"),
        hangover_ms=int(mode.get("segmentationSilenceTimeoutMs", 500)),
        hints=tuple(item["Text"] for group in groups for item in group.get("Items", [])),
    )


def identifies_language(context: Mapping[str, Any]) -> bool:
    """Whether the client leaves the language to the service."""
    return "languageId" in context


def read_ssml(ssml: str) -> tuple[str, Voice]:
    """Return the text of SSML and its first voice. Raises Malformed."""
    try:
        # Expat resolves no external entities, and the document comes over the loopback.
        speak = ElementTree.fromstring(ssml)  # noqa: S314
    except ElementTree.ParseError as error:
        raise Malformed("not XML") from error
    voice = speak.find(f"{_XML_NAMESPACE}voice")
    name = voice.get("name", "") if voice is not None else ""
    return "".join(speak.itertext()).strip(), Voice(name=name)


def phrase_body(
    *, text: str, start_ms: int, end_ms: int, words: tuple[Word, ...], language: str = ""
) -> dict[str, Any]:
    """Return a recognised phrase in detail; no text is no match."""
    body: dict[str, Any] = {
        "Id": "phrase",
        "RecognitionStatus": "Success" if text else "NoMatch",
        "Offset": start_ms * TICKS_PER_MS,
        "Duration": (end_ms - start_ms) * TICKS_PER_MS,
    }
    if not text:
        return body
    timed = [
        {
            "Word": word.text,
            "Offset": word.start_ms * TICKS_PER_MS,
            "Duration": (word.end_ms - word.start_ms) * TICKS_PER_MS,
            "Confidence": 0.9,
        }
        for word in words
    ]
    best = {
        "Confidence": 0.93,
        "Lexical": text.lower(),
        "ITN": text,
        "MaskedITN": text,
        "Display": text,
        "Words": timed,
    }
    return body | _found(language) | {"DisplayText": text, "Channel": 0, "NBest": [best]}


def _found(language: str) -> dict[str, Any]:
    return {"PrimaryLanguage": {"Language": language, "Confidence": "High"}} if language else {}


def boundary_body(word: Word, *, after_ms: int = 0) -> dict[str, Any]:
    """Return where a word sounds, as `audio.metadata` says it."""
    data = {
        "Offset": (after_ms + word.start_ms) * TICKS_PER_MS,
        "Duration": (word.end_ms - word.start_ms) * TICKS_PER_MS,
        "text": {"Text": word.text, "Length": len(word.text), "BoundaryType": "WordBoundary"},
    }
    return {"Metadata": [{"Type": "WordBoundary", "Data": data}]}
