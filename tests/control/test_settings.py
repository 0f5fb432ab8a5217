"""How the environment is read and judged."""

from dataclasses import asdict

import pytest

from adapters.settings import Settings, SettingsError
from adapters.settings.limits import TRANSFER_MARGIN_S, LimitSettings

SECRET = "a-secret-that-must-not-be-shown-anywhere"


def mistakes(**environ):
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ)
    assert SECRET not in str(refused.value)
    return {mistake.name for mistake in refused.value.mistakes}


def test_an_empty_environment_is_a_good_one():
    settings = Settings.read({"STORE": "", "OUTBOUND_ENABLED": " "})

    assert (settings.store, settings.agent_scenario) == ("sqlite", "banking")
    assert settings.limits.duration_s == 3600


def test_all_mistakes_are_told_at_once():
    named = mistakes(
        ACS_CONNECTION_STRING="endpoint=https://x.example/;accesskey=" + SECRET,
        ACS_ENDPOINT="https://y.example",
        ACS_SOURCE_PHONE_NUMBER="0123",
        CALL_SIGNING_KEY="short",
        RELAY_BASE_URL="http://relay.example",
        RETENTION_DAYS="never",
        TRANSFER_TARGETS="desk=1",
        STORE="redis",
    )

    assert named == {
        "ACS_CONNECTION_STRING",
        "ACS_SOURCE_PHONE_NUMBER",
        "CALL_SIGNING_KEY",
        "RELAY_BASE_URL",
        "RETENTION_DAYS",
        "TRANSFER_TARGETS",
        "STORE",
    }


@pytest.mark.parametrize(
    "endpoint", ["https://acs.example", "http://localhost:1", "http://10.0.0.1", "https://127.1.io"]
)
def test_strange_token_keys_are_for_loopback_only(endpoint):
    named = mistakes(ACS_ENDPOINT=endpoint, ACS_JWKS_URL="https://keys.example")

    assert named & {"ACS_JWKS_URL", "ACS_ENDPOINT"}


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:7073/", "http://127.8.9.1", "http://[::1]:1"]
)
def test_a_loopback_carrier_may_bring_its_own_keys(endpoint):
    settings = Settings.read({"ACS_ENDPOINT": endpoint, "ACS_JWKS_URL": f"{endpoint}/keys"})

    assert settings.acs_endpoint == endpoint.rstrip("/")


def test_a_connection_string_gives_endpoint_and_key():
    text = f"endpoint=https://x.communication.azure.com/;accesskey={SECRET}=="

    settings = Settings.read({"ACS_CONNECTION_STRING": text})

    assert settings.acs == ("https://x.communication.azure.com", f"{SECRET}==")


@pytest.mark.parametrize(("kept", "ahead"), [("365", 60), ("30", 29), ("2", 1), ("1", 1)])
def test_no_call_is_promised_for_a_time_when_the_promise_is_forgotten(kept, ahead):
    settings = Settings.read({"RETENTION_DAYS": kept})

    assert settings.outbound_rules.farthest_days == ahead


def test_a_question_to_a_person_may_not_outlive_its_call():
    assert mistakes(APPROVAL_SECONDS="100000", RETENTION_DAYS="1") == {"APPROVAL_SECONDS"}


@pytest.mark.parametrize("url", ["chat.example", "http://chat.example/h", "https://u@chat.example"])
def test_notices_go_only_where_nobody_else_reads_them(url):
    assert mistakes(APPROVAL_WEBHOOK=f"{url}?key={SECRET}") == {"APPROVAL_WEBHOOK"}


def test_a_secret_is_never_shown():
    environ = dict.fromkeys(("CALL_SIGNING_KEY", "OPENAI_API_KEY", "RELAY_SHARED_KEY"), SECRET)
    environ["APPROVAL_WEBHOOK"] = f"https://chat.example/{SECRET}?sig={SECRET}"

    settings = Settings.read(environ)

    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_targets_are_written_either_way():
    pairs = Settings.read({"TRANSFER_TARGETS": "call_center=+15550142;fraud_desk=+15550143"})
    json = Settings.read({"TRANSFER_TARGETS": '{"call_center": "+15550142"}'})

    assert pairs.transfer_targets["fraud_desk"].address == "+15550143"
    assert json.transfer_targets["call_center"].address == "+15550142"


def test_a_destination_may_say_how_it_is_reached():
    text = """{"desk": {"to": "8:acs:r_kim", "kind": "warm", "seconds": 25,
               "announcement": "Hold on.", "headers": {"about": "{summary}", "id": "{call_id}"}}}"""

    desk = Settings.read({"TRANSFER_TARGETS": text}).transfer_targets["desk"]
    sent = desk.filled({"call_id": "c1", "summary": "A caf\u00e9\r\nX-Evil: 1 " + "y" * 2000})

    assert (desk.kind, desk.seconds, desk.announcement) == ("warm", 25, "Hold on.")
    assert sent["id"] == "c1"
    assert sent["about"].startswith("A cafe X-Evil: 1 yyy")
    assert len(sent["about"]) == 1024


def test_all_that_is_wrong_with_destinations_is_said_at_once():
    text = """{"a": "1", "b": {"to": "+15550150", "kind": "hot"}, "c c": "+15550150", "d": 3,
               "e": {"to": "+15550150", "seconds": 300, "headers": {"X-Foo": "{name}"}}}"""

    with pytest.raises(SettingsError) as wrong:
        Settings.read({"TRANSFER_TARGETS": text})

    (mistake,) = wrong.value.mistakes
    for said in (
        "a.to: must be a number",
        "b.kind: Input should be 'cold' or 'warm'",
        "'c c': use letters",
        "d.to: must be an address, or an object with one",
        "e.seconds: must be from 5 to 180",
        "e.headers: `X-Foo` holds `{name}`",
        "e.headers: `x-foo` is neither X-MS-Custom-... nor User-To-User",
    ):
        assert said in mistake.reason


def test_the_old_name_of_the_base_url_is_understood():
    settings = Settings.read({"BASE_URL": "https://app.example/"})

    assert settings.functions_base_url == "https://app.example"


def test_what_a_part_needs_is_asked_for_by_name():
    with pytest.raises(SettingsError) as refused:
        Settings.read({}).need("call_signing_key", "relay_base_url", "store")

    assert [each.name for each in refused.value.mistakes] == ["CALL_SIGNING_KEY", "RELAY_BASE_URL"]


def test_calling_out_needs_a_number_to_show():
    assert mistakes(OUTBOUND_ENABLED="true") == {"ACS_SOURCE_PHONE_NUMBER"}


def test_every_limit_of_a_call_is_a_setting():
    given = {name.upper(): "100" for name in LimitSettings.model_fields if name.startswith("call_")}

    limits = asdict(Settings.read(given).limits)

    assert set(limits.values()) == {100, 100 + TRANSFER_MARGIN_S}
