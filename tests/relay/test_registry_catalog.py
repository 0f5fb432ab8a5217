"""What a call finds ready in the registries before its first word."""

from dataclasses import replace
from datetime import date

from adapters.cosmos import CosmosContainer, account_key
from adapters.customers import CosmosCustomers
from core.facts import Direction
from core.session import Leg
from media_relay.registry_catalog import RegistryCatalog
from registries import load_scenario
from tests.bank import bank


async def test_a_scenario_is_made_ready_once(tmp_path):
    catalog = RegistryCatalog(bank(tmp_path), today=lambda: date(2026, 1, 1))
    scenario = load_scenario("banking")

    await catalog.warm(scenario)
    await catalog.warm(scenario)


async def test_a_scenario_that_cannot_be_rendered_yet_does_not_stop_a_call(tmp_path):
    catalog = RegistryCatalog(bank(tmp_path), today=lambda: date(2026, 1, 1))
    scenario = load_scenario("banking")
    broken = tuple(replace(agent, prompt="{{ nobody.knows }}") for agent in scenario.agents)

    await catalog.warm(replace(scenario, agents=broken))


async def test_a_caller_is_greeted_without_his_name_when_the_records_cannot_be_reached():
    nowhere = CosmosContainer("http://127.0.0.1:1", account_key("a2V5"), database="d", create=True)
    customers = CosmosCustomers(nowhere, today=date(2026, 1, 1))
    catalog = RegistryCatalog(customers, today=lambda: date(2026, 1, 1))
    leg = Leg(
        connection_id="leg", direction=Direction.INBOUND, caller="+15550100001", called="+15550199"
    )

    known = await catalog.about(leg)
    customers.close()

    assert known == {}
