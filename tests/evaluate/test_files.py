"""What is said about conversation files that are wrong."""

from pathlib import Path

import pytest

from localdev.evaluate.files import read_conversations
from registries import CatalogError


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def mistakes_in(*paths: Path) -> set[tuple[str, str]]:
    with pytest.raises(CatalogError) as caught:
        read_conversations(paths)
    return {(Path(m.file).name, m.field) for m in caught.value.mistakes}


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, "a.yaml", "scenaro: banking\nturns: [{say: hi, expect: {max_ms: -1}}]")
    written(tmp_path, "b.yaml", "turns:\n  - say: hi\n    expect: {tools: [verify], handoff: X}")
    written(tmp_path, "c.yaml", "turns: [{expect: {must_say: ['/(/']}}]\nend: {target: moon}")
    written(tmp_path, "d.yaml", "turns: [")

    found = mistakes_in(tmp_path)

    assert found == {
        ("a.yaml", "scenaro"),
        ("a.yaml", "turns.0.expect.max_ms"),
        ("b.yaml", "turns.0.expect.tools"),
        ("b.yaml", "turns.0.expect.handoff"),
        ("c.yaml", "turns.0"),
        ("c.yaml", "turns.0.expect.must_say"),
        ("c.yaml", "end.target"),
        ("d.yaml", "line 1"),
    }


def test_a_wrong_field_hides_no_other_mistake_of_its_file(tmp_path: Path) -> None:
    turns = (
        "[{say: hi, expcet: {}, expect: {handoff: X}}, {press: 'x', expect: {tools: [{nam: a}]}}]"
    )
    written(
        tmp_path, "a.yaml", f"descripton: x\nscenario: banking\nturns: {turns}\nend: {{agent: Y}}"
    )
    written(
        tmp_path, "b.yaml", "scenario: bankin\nturns: [{expect: {must_say: ['/(/'], agent: Z}}]"
    )
    written(tmp_path, "c.yaml", "turns: [hi]\ngreeting: {tools: [nothing]}")

    found = mistakes_in(tmp_path)

    assert found == {
        ("a.yaml", "descripton"),
        ("a.yaml", "turns.0.expcet"),
        ("a.yaml", "turns.0.expect.handoff"),
        ("a.yaml", "turns.1.press"),
        ("a.yaml", "turns.1.expect.tools.0.name"),
        ("a.yaml", "turns.1.expect.tools.0.nam"),
        ("a.yaml", "end.agent"),
        ("b.yaml", "scenario"),
        ("b.yaml", "turns.0"),
        ("b.yaml", "turns.0.expect.must_say"),
        ("c.yaml", "turns.0"),
        ("c.yaml", "greeting.tools"),
    }


def test_without_the_scenario_that_was_meant_no_name_is_called_unknown(tmp_path: Path) -> None:
    written(tmp_path, "a.yaml", "scenaro: travel\nturns: [{say: hi, expect: {agent: TravelDesk}}]")

    assert mistakes_in(tmp_path) == {("a.yaml", "scenaro")}


def test_a_name_is_used_once_and_an_unknown_scenario_is_named(tmp_path: Path) -> None:
    one = written(tmp_path, "one.yaml", "name: same\nturns: [{say: hi}]")
    two = written(tmp_path, "two.yaml", "name: same\nturns: [{say: hi}]")
    three = written(tmp_path, "three.yaml", "scenario: bankin\nturns: [{say: hi}]")

    found = mistakes_in(one, two, three)

    assert found == {("two.yaml", "name"), ("three.yaml", "scenario")}


def test_an_empty_folder_and_a_missing_file_are_mistakes(tmp_path: Path) -> None:
    found = mistakes_in(tmp_path, tmp_path / "gone.yaml")

    assert found == {(tmp_path.name, ""), ("gone.yaml", "")}


def test_a_tool_may_be_written_as_its_name_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "a.yaml", "turns: [{say: bye, expect: {tools: [end_call]}}]")

    (conversation,) = read_conversations([path])

    assert conversation.shape.name == "a"
    assert [tool.name for tool in conversation.shape.turns[0].expect.tools or ()] == ["end_call"]


def test_what_a_model_judges_is_words_or_a_score_with_a_limit(tmp_path: Path) -> None:
    criteria = "[It is polite., {criterion: It is clear., at_least: 4}, {criterion: It is short.}]"
    path = written(tmp_path, "a.yaml", f"turns: [{{say: hi}}]\njudge: {criteria}")

    (conversation,) = read_conversations([path])

    found = [(each.criterion, each.at_least) for each in conversation.shape.judge]
    assert found == [("It is polite.", None), ("It is clear.", 4), ("It is short.", None)]


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("It is polite.", "judge: must be a list"),
        ("[[polite]]", "judge.0: must be a mapping of fields"),
        ("[{at_least: 4}]", "judge.0.criterion: field required"),
        ("[{criterion: x, atleast: 4}]", "did you mean 'at_least'?"),
        (
            "[{criterion: x, at_least: 1}]",
            "judge.0.at_least: input should be greater than or equal",
        ),
        ("[{criterion: x, at_least: 6}]", "judge.0.at_least: input should be less than or equal"),
    ],
)
def test_a_judge_who_is_asked_wrongly_is_told_where(tmp_path: Path, judge: str, said: str) -> None:
    path = written(tmp_path, "a.yaml", f"turns: [{{say: hi}}]\njudge: {judge}")

    with pytest.raises(CatalogError) as caught:
        read_conversations([path])

    (mistake,) = caught.value.mistakes
    assert said in str(mistake)
