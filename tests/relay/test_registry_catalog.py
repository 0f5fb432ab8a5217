"""What a call finds ready in the registries before its first word."""

from dataclasses import replace
from datetime import date

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
