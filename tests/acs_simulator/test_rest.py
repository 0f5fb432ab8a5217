"""The real SDK against the simulator: every operation, every refusal."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from azure.communication.callautomation import (
    CallAutomationClient,
    CallConnectionState,
    FileSource,
    PhoneNumberIdentifier,
    TextSource,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)

from localdev.acs_simulator import Behaviour, Manner
from localdev.acs_simulator.callee import beep
from tests.acs_simulator.conftest import KEY, Bench

PINNED = {
    "Repeatability-Request-ID": "f95d5ba1-3fc7-4fdf-9f1c-f1f7dc20b7f3",
    "Repeatability-First-Sent": "Sun, 22 Nov 2026 10:37:09 GMT",
}


async def refusal_of(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpResponseError) as caught:
        await request
    error = caught.value
    assert error.error is not None
    return error.status_code or 0, str(error.error.code)


async def test_an_answer_tells_all_about_the_connection(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    call, answer = await bench.answered(simulator, client)

    assert answer.call_connection_id == call.connection_id
    assert answer.server_call_id == call.server_call_id
    assert answer.correlation_id == call.correlation_id
    assert answer.call_connection_state == CallConnectionState.CONNECTING
    assert answer.source.properties["value"] == "+15550100"
    assert answer.targets[0].properties["value"] == "+15550199"
    assert answer.callback_url == bench.app.callback_url


async def test_a_repeated_answer_is_the_first_answer_again(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call = await simulator.ring(from_="+15550100", to="+15550199")

    first, second = [
        await client.answer_call(call.incoming_context, bench.app.callback_url, headers=PINNED)
        for _ in range(2)
    ]
    await bench.app.event("CallConnected")
    await bench.app.event("ParticipantsUpdated")

    assert second.call_connection_id == first.call_connection_id
    assert [entry.facts["repeated"] for entry in call.timeline.of("rest")] == [False, True]
    assert len(bench.app.events("CallConnected")) == 1


async def test_a_second_answer_with_another_id_finds_no_call(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)

    second = client.answer_call(call.incoming_context, bench.app.callback_url)

    assert await refusal_of(second) == (404, "8522")


async def test_an_answer_after_the_ring_comes_too_late(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call = await simulator.ring(from_="+15550100", to="+15550199")
    await call.until("ended")

    late = client.answer_call(call.incoming_context, bench.app.callback_url)

    assert call.timeline.of("phase", phase="expired")[0].at_ms == pytest.approx(30_000, abs=50)
    assert await refusal_of(late) == (400, "8587")


async def test_a_rejected_call_is_over_without_an_event(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call = await simulator.ring(from_="+15550100", to="+15550199")

    await client.reject_call(call.incoming_context, call_reject_reason="busy")
    await call.finished()

    assert call.state.phase == "rejected"
    assert bench.app.callbacks == []


async def test_a_redirected_call_is_over(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call = await simulator.ring(from_="+15550100", to="+15550199")

    await client.redirect_call(call.incoming_context, PhoneNumberIdentifier("+15550111"))

    assert call.state.phase == "redirected"


@pytest.mark.parametrize("for_everyone", [False, True])
async def test_the_app_hangs_up(bench: Bench, for_everyone: bool) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.until("connected")
    connection = client.get_call_connection(call.connection_id)

    await connection.hang_up(is_for_everyone=for_everyone)
    event = await bench.app.event("CallDisconnected")

    assert event["data"]["resultInformation"]["subCode"] == 7000
    assert await refusal_of(connection.get_call_properties()) == (404, "8522")
    assert await refusal_of(connection.hang_up(is_for_everyone=for_everyone)) == (404, "8522")


async def test_properties_and_participants_show_the_call(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.timeline.wait_for("media_open")
    connection = client.get_call_connection(call.connection_id)

    properties = await connection.get_call_properties()
    people = [person async for person in connection.list_participants()]

    assert properties.call_connection_state == CallConnectionState.CONNECTED
    assert properties.media_streaming_subscription.state == "active"
    assert people[0].identifier.raw_id == "4:+15550100"
    assert people[1].identifier.raw_id.startswith("8:acs:")


async def test_an_accepted_transfer_ends_our_part_of_the_call(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.until("connected")

    await client.get_call_connection(call.connection_id).transfer_call_to_participant(
        PhoneNumberIdentifier("+15550142"), operation_context="to-person"
    )
    await call.finished()

    accepted = bench.app.events("CallTransferAccepted")[0]["data"]
    assert accepted["operationContext"] == "to-person"
    assert accepted["transferTarget"]["rawId"] == "4:+15550142"
    assert accepted["transferee"]["rawId"] == "4:+15550100"
    assert bench.app.event_types()[-1] == "CallDisconnected"


@pytest.mark.parametrize(
    ("manner", "code"),
    [(Manner.BUSY, 486), (Manner.DECLINE, 603), (Manner.NO_ANSWER, 487), (Manner.REJECT, 200)],
)
async def test_a_failed_transfer_leaves_the_caller_with_us(
    bench: Bench, manner: Manner, code: int
) -> None:
    simulator = await bench.simulator()
    simulator.numbers["+15550142"] = Behaviour(manner=manner)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.until("connected")
    connection = client.get_call_connection(call.connection_id)

    await connection.transfer_call_to_participant(PhoneNumberIdentifier("+15550142"))
    again = connection.transfer_call_to_participant(PhoneNumberIdentifier("+15550142"))
    refused = await refusal_of(again)
    failed = await bench.app.event("CallTransferFailed")

    assert refused == (409, "8607")
    assert failed["data"]["resultInformation"]["code"] == code
    assert call.state.phase == "connected"


async def test_a_call_is_placed_and_answered(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    placed = await client.create_call(
        PhoneNumberIdentifier("+15550142"),
        bench.app.callback_url,
        source_caller_id_number=PhoneNumberIdentifier("+15550199"),
        operation_context="out",
        media_streaming=bench.streaming(),
    )
    connected = await bench.app.event("CallConnected")
    socket = await bench.app.socket()

    assert placed.call_connection_state == CallConnectionState.CONNECTING
    assert connected["data"]["callConnectionId"] == placed.call_connection_id
    assert connected["data"]["operationContext"] == "out"
    assert socket.headers["x-ms-call-connection-id"] == placed.call_connection_id


async def test_a_voicemail_answers_speaks_and_beeps(bench: Bench) -> None:
    simulator = await bench.simulator()
    simulator.numbers["+15550142"] = Behaviour(manner=Manner.VOICEMAIL, audio=beep())
    client = await bench.client(simulator)

    await client.create_call(
        PhoneNumberIdentifier("+15550142"),
        bench.app.callback_url,
        source_caller_id_number=PhoneNumberIdentifier("+15550199"),
        media_streaming=bench.streaming(),
    )
    await bench.app.event("CallConnected")
    [call] = simulator.calls.values()
    await call.timeline.wait_for("utterance_ended")

    assert beep() in call.said_pcm()


@pytest.mark.parametrize(
    ("manner", "code"), [(Manner.BUSY, 486), (Manner.NO_ANSWER, 487), (Manner.DECLINE, 603)]
)
async def test_a_placed_call_that_comes_to_nothing_says_why(
    bench: Bench, manner: Manner, code: int
) -> None:
    simulator = await bench.simulator()
    simulator.numbers["+15550142"] = Behaviour(manner=manner)
    client = await bench.client(simulator)

    await client.create_call(
        PhoneNumberIdentifier("+15550142"),
        bench.app.callback_url,
        source_caller_id_number=PhoneNumberIdentifier("+15550199"),
    )
    [call] = simulator.calls.values()
    await call.finished()

    assert bench.app.event_types() == ["CreateCallFailed", "CallDisconnected"]
    assert bench.app.events()[0]["data"]["resultInformation"]["code"] == code


async def test_a_file_is_played_to_the_caller(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, media_streaming=None)
    await call.until("connected")

    await client.get_call_connection(call.connection_id).play_media_to_all(
        FileSource(url=f"{bench.app.url}/prompt.wav"), operation_context="sorry"
    )
    completed = await bench.app.event("PlayCompleted")
    heard = await call.timeline.wait_for("heard")

    assert completed["data"]["operationContext"] == "sorry"
    assert heard.facts["end_ms"] - heard.facts["start_ms"] == 300


async def test_prompts_can_be_cancelled(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, media_streaming=None)
    await call.until("connected")
    connection = client.get_call_connection(call.connection_id)
    source = FileSource(url=f"{bench.app.url}/prompt.wav")
    await connection.play_media_to_all(source, loop=True, operation_context="loop")
    await bench.app.event("PlayStarted")

    await connection.cancel_all_media_operations()
    cancelled = await bench.app.event("PlayCanceled")

    assert cancelled["data"]["operationContext"] == "loop"


@pytest.mark.parametrize(("path", "code"), [("/prompt.mp3", 8535), ("/nowhere.wav", 8536)])
async def test_a_file_that_cannot_be_played_fails(bench: Bench, path: str, code: int) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, media_streaming=None)
    await call.until("connected")
    connection = client.get_call_connection(call.connection_id)

    await connection.play_media_to_all(FileSource(url=bench.app.url + path))
    failed = await bench.app.event("PlayFailed")

    assert failed["data"]["resultInformation"]["subCode"] == code
    assert failed["data"]["failedPlaySourceIndex"] == 0


async def test_media_streaming_is_stopped_and_started_again(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    first = await bench.app.socket()
    await bench.app.event("MediaStreamingStarted")
    connection = client.get_call_connection(call.connection_id)

    twice = await refusal_of(connection.start_media_streaming())
    await connection.stop_media_streaming(operation_context="off")
    stopped = await bench.app.event("MediaStreamingStopped")
    await first.closed.wait()
    again = await refusal_of(connection.stop_media_streaming())
    await connection.start_media_streaming(operation_context="on")
    started = await bench.app.event("MediaStreamingStarted", count=2)
    second = await bench.app.socket(2)

    assert twice == again == (400, "8585")
    assert stopped["data"]["operationContext"] == "off"
    assert started["data"]["operationContext"] == "on"
    assert started["data"]["mediaStreamingUpdate"] == {
        "contentType": "Audio",
        "mediaStreamingStatus": "mediaStreamingStarted",
        "mediaStreamingStatusDetails": "subscriptionStarted",
    }
    assert second.headers["Authorization"] != first.headers["Authorization"]


async def test_streaming_that_was_not_configured_cannot_start(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, media_streaming=None)
    await call.until("connected")

    start = client.get_call_connection(call.connection_id).start_media_streaming()

    assert await refusal_of(start) == (405, "8522")


async def test_operations_before_the_call_is_connected_are_refused(bench: Bench) -> None:
    simulator = await bench.simulator(connect_delay_s=5)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    connection = client.get_call_connection(call.connection_id)
    target = PhoneNumberIdentifier("+15550142")

    refusals = [
        await refusal_of(connection.transfer_call_to_participant(target)),
        await refusal_of(connection.start_media_streaming()),
        await refusal_of(connection.play_media_to_all(FileSource(url=bench.app.url))),
    ]

    assert refusals == [(400, "8501")] * 3


async def test_an_unknown_call_is_not_found(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    with pytest.raises(ResourceNotFoundError):
        await client.get_call_connection("nobody").get_call_properties()
    with pytest.raises(ResourceNotFoundError):
        await client.answer_call("no context", bench.app.callback_url)


async def test_bad_arguments_are_named(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.until("connected")
    connection = client.get_call_connection(call.connection_id)
    ringing = await simulator.ring(from_="+15550100", to="+15550199")

    refusals = [
        await refusal_of(client.answer_call(ringing.incoming_context, "not an address")),
        await refusal_of(client.answer_call(ringing.incoming_context, "http://example.com/cb")),
        await refusal_of(
            client.answer_call(
                ringing.incoming_context,
                bench.app.callback_url,
                media_streaming=bench.streaming(transport_url="http://127.0.0.1/media"),
            )
        ),
        await refusal_of(connection.play_media_to_all(TextSource(text="hello", voice_name="v"))),
        await refusal_of(
            connection.transfer_call_to_participant(PhoneNumberIdentifier("1 (555) 0142"))
        ),
    ]

    assert refusals == [(400, "8523")] * 5
    assert ringing.state.phase == "ringing"


async def test_a_wrong_key_is_refused(bench: Bench) -> None:
    simulator = await bench.simulator()
    stranger = await bench.client(simulator, key="c3RyYW5nZXI=")

    with pytest.raises(ClientAuthenticationError) as caught:
        await stranger.get_call_connection("any").get_call_properties()

    assert caught.value.error is not None
    assert caught.value.error.code == "7509"


async def test_an_unsigned_request_and_an_unknown_version_are_refused(bench: Bench) -> None:
    simulator = await bench.simulator()
    old = await bench.client(simulator, api_version="2020-01-01")
    url = f"{simulator.url}/calling/callConnections/any?api-version=2026-03-12"

    async with aiohttp.ClientSession() as http, http.get(url) as response:
        unsigned = response.status

    assert unsigned == 401
    refused = await refusal_of(old.get_call_connection("any").get_call_properties())
    assert refused == (400, "UnsupportedApiVersion")


async def test_the_sdk_gets_through_where_the_service_is_unavailable_for_a_moment(
    bench: Bench,
) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator, retry_total=3)

    call, answer = await bench.answered(simulator, client, faults=("rest_503=2", "rest_429=2"))

    assert answer.call_connection_id == call.connection_id
    statuses = [entry.facts["status"] for entry in call.timeline.of("rest")]
    assert statuses == [503, 503, 429, 200]
    assert call.timeline.of("rest")[-1].at_ms >= 2000


async def test_a_slow_service_answers_late(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    call, _ = await bench.answered(simulator, client, faults=("rest_slow=3",))

    assert call.clock.now_ms() == pytest.approx(3000, abs=100)


async def test_an_answer_whose_response_is_lost_has_been_executed(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call = await simulator.ring(from_="+15550100", to="+15550199", faults=["drop_after_accept"])

    with pytest.raises(ServiceRequestError):
        await client.answer_call(call.incoming_context, bench.app.callback_url, headers=PINNED)
    await call.until("connected")
    again = await client.answer_call(call.incoming_context, bench.app.callback_url, headers=PINNED)

    assert again.call_connection_id == call.connection_id


async def test_placing_calls_has_faults_of_its_own(bench: Bench) -> None:
    simulator = await bench.simulator(faults={"rest_503": "1"})
    client = await bench.client(simulator, retry_total=2)

    placed = await client.create_call(
        PhoneNumberIdentifier("+15550142"),
        bench.app.callback_url,
        source_caller_id_number=PhoneNumberIdentifier("+15550199"),
    )

    assert [call.connection_id for call in simulator.calls.values()] == [placed.call_connection_id]


async def test_the_blocking_client_is_served_too(bench: Bench) -> None:
    simulator = await bench.simulator()
    call = await simulator.ring(from_="+15550100", to="+15550199")

    def answer() -> str:
        with CallAutomationClient(simulator.url, AzureKeyCredential(KEY)) as client:
            answered = client.answer_call(call.incoming_context, bench.app.callback_url)
            return str(answered.call_connection_id)

    assert await asyncio.to_thread(answer) == call.connection_id


async def test_a_body_that_is_far_too_big_is_not_read(bench: Bench) -> None:
    simulator = await bench.simulator()
    url = f"{simulator.url}/calling/callConnections:answer"

    async with aiohttp.ClientSession() as http, http.post(url, data=bytes(200_000)) as response:
        status, answer = response.status, await response.json()

    assert (status, answer["error"]["code"]) == (413, "8523")


async def test_what_is_not_simulated_is_said_and_is_no_lost_call(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.until("connected")
    connection = client.get_call_connection(call.connection_id)

    refused = await refusal_of(connection.send_dtmf_tones(["one"], PhoneNumberIdentifier("+1555")))

    assert refused == (501, "NotSimulated")
    assert call.established


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["/calling/keys", "/calling/callConnections/x", "/other"])
async def test_pages_of_other_sites_are_refused(
    bench: Bench, headers: dict[str, str], path: str
) -> None:
    simulator = await bench.simulator()

    async with (
        aiohttp.ClientSession() as http,
        http.get(simulator.url + path, headers=headers) as response,
    ):
        status, answer = response.status, await response.json()

    assert (status, answer["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("POST", ":answer"),
        ("POST", ":reject"),
        ("POST", ":redirect"),
        ("GET", "/x"),
        ("DELETE", "/x"),
        ("GET", "/x/participants"),
        ("POST", "/x:terminate"),
        ("POST", "/x:transferToParticipant"),
        ("POST", "/x:play"),
        ("POST", "/x:cancelAllMediaOperations"),
        ("POST", "/x:startMediaStreaming"),
        ("POST", "/x:stopMediaStreaming"),
    ],
)
async def test_every_operation_needs_a_signature(bench: Bench, method: str, path: str) -> None:
    simulator = await bench.simulator()
    url = f"{simulator.url}/calling/callConnections{path}?api-version=2026-03-12"

    async with aiohttp.ClientSession() as http, http.request(method, url, json={}) as response:
        answer = await response.json()

    assert (response.status, answer["error"]["code"]) == (401, "7509")
