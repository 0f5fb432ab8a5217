"""A request that is wrong is refused in words that help, and never shows what was sent."""

import pytest

from api import inputs
from api.http import Problem, Request, read_body, read_query

SENT = "4111 1111 1111 1111"


def refused(body: str, adapter=inputs.OUTBOUND_ORDER) -> str:
    with pytest.raises(Problem) as problem:
        read_body(Request(body=body.encode()), adapter)
    assert SENT not in problem.value.detail
    return problem.value.detail


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{}", "target_number: is missing"),
        ("", "target_number: is missing"),
        ("{", "body: is not JSON"),
        ("[]", "body: must be an object"),
        (f'{{"target_number": "{SENT}"}}', "target_number: must match ^\\+[1-9][0-9]{6,14}$"),
        (f'{{"target_number": "+15550100", "topic": ["{SENT}"]}}', "topic: must be a text"),
    ],
)
def test_it_is_said_where_and_what_must_be(body, told):
    assert refused(body) == told


def test_several_mistakes_are_told_at_once_but_not_without_end():
    one = refused('{"decision": "maybe", "name": ""}', inputs.APPROVAL_ORDER)
    many = refused(
        '{"name": "n", "targets": [' + ",".join(['{"number": "x"}'] * 9) + "]}",
        inputs.CAMPAIGN_ORDER,
    )

    assert one.startswith("decision: must be 'approve' or 'deny'; name: must")
    assert many.count("must match") == 5
    assert many.endswith("and 4 more")


def test_a_field_that_nobody_reads_is_refused():
    target = '{"number": "+15550100", "contxt": {}}'
    body = f'{{"name": "n", "targets": [{target}], "hour": "9-17", "retry_minutes": {{"bsy": 1}}}}'

    assert refused(body, inputs.CAMPAIGN_ORDER).split("; ") == [
        "targets.0.contxt: there is no such field",
        "retry_minutes.bsy: there is no such field",
        "hour: there is no such field",
    ]


def test_names_that_were_sent_are_not_shown():
    body = f'{{"target_number": "+15550100", "context": {{"{SENT}": null}}}}'

    assert refused(body).startswith("context.*")


def test_a_query_is_judged_alike():
    with pytest.raises(Problem) as problem:
        read_query(Request(query={"limit": "many"}), inputs.CALLS_QUERY)

    assert problem.value.detail == "limit: must be a whole number"
