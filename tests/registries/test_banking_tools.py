from pathlib import Path
from typing import Any

import pytest

from core.tools import AskApproval, HangUp, Remember, TransferCall
from registries import list_tools, run_approved, run_tool
from tests.bank import JAMES, MARIA, bank, context

EMILY = {"client_id": "emily_chen", "caller_name": "Emily"}
IDENTITY = {"full_name": "Maria Lopez", "last_four": "4127"}


async def test_name_and_last_four_prove_who_calls(tmp_path: Path) -> None:
    result = await run_tool("verify_client_identity", IDENTITY, context(bank(tmp_path)))

    assert result.effects == (Remember(slots=MARIA),)


async def test_a_date_of_birth_does_instead_of_the_digits(tmp_path: Path) -> None:
    arguments = {"full_name": "maria lopes", "date_of_birth": "March 3rd 1985"}

    result = await run_tool("verify_client_identity", arguments, context(bank(tmp_path)))

    assert result.ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"full_name": "Maria Lopez", "last_four": "0000"},
        {"full_name": "Peter Pan", "last_four": "4127"},
        {"full_name": "Maria Lopez", "last_four": "4127", "date_of_birth": "1985-03-04"},
    ],
)
async def test_a_wrong_name_and_a_wrong_number_get_the_same_answer(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    result = await run_tool("verify_client_identity", wrong, context(bank(tmp_path)))

    assert (result.ok, result.effects) == (False, ())
    assert result.text.startswith("That does not match what I have on file.")


async def test_three_attempts_a_call_are_all_there_are(tmp_path: Path) -> None:
    call = context(bank(tmp_path))
    for _ in range(3):
        await run_tool("verify_client_identity", IDENTITY | {"last_four": "0000"}, call)

    right = await run_tool("verify_client_identity", IDENTITY, call)

    assert (right.ok, right.error) == (False, "locked")


async def test_the_number_a_caller_calls_from_proves_nothing(tmp_path: Path) -> None:
    call = context(bank(tmp_path), caller="+15550100001", slots={"caller_name": "Maria"})

    result = await run_tool("get_account_summary", {}, call)

    assert result.error == "missing_slot"


async def test_balances_are_those_of_the_verified_caller(tmp_path: Path) -> None:
    store = bank(tmp_path)

    maria = await run_tool("get_account_summary", {}, context(store, slots=MARIA))
    james = await run_tool("get_account_summary", {}, context(store, slots=JAMES))

    assert "two thousand four hundred fifty dollars and seventy-five cents" in maria.data["spoken"]
    assert "overdrawn by forty-two dollars and eighteen cents" in james.data["spoken"]


async def test_a_refund_shows_in_the_balance(tmp_path: Path) -> None:
    store = bank(tmp_path)

    refund = await run_tool("refund_fee", {"fee": "overdraft"}, context(store, slots=MARIA))
    summary = await run_tool(
        "get_account_summary", {"account": "checking"}, context(store, slots=MARIA)
    )

    assert refund.data["amount_cents"] == 35_00
    assert summary.data["accounts"][0]["balance_cents"] == 2_485_75


async def test_a_refund_that_runs_again_after_a_crash_is_the_same_refund(tmp_path: Path) -> None:
    store = bank(tmp_path)
    first = await run_tool("refund_fee", {"fee": "overdraft"}, context(store, slots=MARIA))

    again = await run_tool("refund_fee", {"fee": "overdraft"}, context(store, slots=MARIA))
    second = await run_tool(
        "refund_fee", {"fee": "overdraft"}, context(store, slots=MARIA, key="key-2")
    )

    assert again == first
    assert (second.ok, "already been refunded" in second.text) == (False, True)


async def test_with_several_fees_the_tool_asks_which(tmp_path: Path) -> None:
    result = await run_tool("refund_fee", {}, context(bank(tmp_path), slots=MARIA))

    assert (result.ok, result.error) == (False, "which_fee")
    assert "the overdraft fee of thirty-five dollars" in result.text


async def test_cards_the_caller_qualifies_for_come_first(tmp_path: Path) -> None:
    store = bank(tmp_path)

    maria = await run_tool(
        "search_card_products", {"purpose": "travel"}, context(store, slots=MARIA)
    )
    james = await run_tool("search_card_products", {}, context(store, slots=JAMES))

    assert maria.data["names"] == ["Travel Rewards", "Premium World"]
    assert james.data["first"] == "Simple Card"


async def test_a_card_out_of_reach_is_refused_with_one_in_reach(tmp_path: Path) -> None:
    call = context(bank(tmp_path), slots=JAMES)

    result = await run_tool("evaluate_card_eligibility", {"card": "Premium World"}, call)

    assert (result.ok, result.error) == (False, "not_eligible")
    assert "You do qualify for Simple Card" in result.text


async def test_a_card_is_only_approved_after_its_agreement(tmp_path: Path) -> None:
    store = bank(tmp_path)
    wish = {"card": "Travel Rewards", "agreed": True}

    early = await run_tool("finalize_card_application", wish, context(store, slots=MARIA, key="1"))
    await run_tool(
        "send_card_agreement", {"card": "Travel Rewards"}, context(store, slots=MARIA, key="2")
    )
    done = await run_tool("finalize_card_application", wish, context(store, slots=MARIA, key="3"))

    assert (early.error, done.ok) == ("no_agreement", True)
    assert store.applications("maria_lopez")[0].status == "approved"


async def test_no_more_can_be_moved_than_there_is(tmp_path: Path) -> None:
    call = context(bank(tmp_path), slots=JAMES)
    wish = {"kind": "cash out", "amount": 50_000, "age": 33}

    result = await run_tool("calculate_tax_impact", wish, call)

    assert (result.ok, result.error) == (False, "too_much")


async def test_a_person_is_a_named_target_and_never_a_number(tmp_path: Path) -> None:
    call = context(bank(tmp_path))

    person = await run_tool("escalate_human", {"reason": "upset"}, call)
    goodbye = await run_tool("end_call", {}, call)

    assert person.effects == (TransferCall(target="call_center", reason="upset"),)
    assert goodbye.effects == (HangUp(reason="done"),)


def test_what_proves_who_calls_is_marked_as_secret() -> None:
    spec = next(tool for tool in list_tools() if tool.name == "verify_client_identity")

    shown = spec.shown(IDENTITY | {"date_of_birth": "1985-03-03", "ssn": "4127"})

    hidden = dict.fromkeys(("last_four", "date_of_birth", "ssn"), "***")
    assert shown == {"full_name": "Maria Lopez", **hidden}
    assert spec.shown({"last_four": None}) == {"last_four": None}


async def test_what_a_person_approved_is_refunded_once(tmp_path: Path) -> None:
    store = bank(tmp_path)
    asked = await run_tool("refund_fee", {"fee": "wire transfer"}, context(store, slots=EMILY))
    (wish,) = asked.effects
    assert isinstance(wish, AskApproval)

    first = await run_approved("refund_fee", wish.details, context(store, key="approval"))
    again = await run_approved("refund_fee", wish.details, context(store, key="approval"))
    other = await run_approved("refund_fee", wish.details, context(store, key="another"))

    assert (first.ok, again) == (True, first)
    assert (other.ok, "already been refunded" in other.text) == (False, True)
    assert store.accounts("emily_chen")[0].balance == 14_905_33 + 65_00


@pytest.mark.parametrize("tool", ["end_call", "nothing"])
async def test_a_tool_that_says_nothing_of_approvals_does_nothing_on_one(
    tmp_path: Path, tool: str
) -> None:
    result = await run_approved(tool, {}, context(bank(tmp_path)))

    assert (result.ok, result.error) == (False, "unknown_tool")
