from ontologies.words.clinical import load_clinical_words


def test_abbreviation_is_read_as_typed_and_written_out():
    readings = load_clinical_words().readings(["vsd"])

    assert readings == [["vsd"], ["ventricular", "septal", "defect"]]


def test_two_abbreviations_are_written_out_together():
    words = load_clinical_words({"aa": ["first"], "bb": ["second"]})

    assert ["first", "second"] in words.readings(["aa", "bb"])


def test_phrase_of_several_words_is_recognised_inside_what_was_typed():
    readings = load_clinical_words().readings(["severe", "bed", "wetting"])

    assert ["severe", "nocturnal", "enuresis"] in readings


def test_abbreviation_of_a_site_wins_over_ours():
    words = load_clinical_words({"VSD": ["very small digits"]})

    assert words.meant_by(("vsd",)) == ("very small digits",)
    assert words.meant_by(("asd",)) == ("atrial septal defect",)


def test_words_of_a_group_stand_for_each_other_in_the_singular():
    alike = load_clinical_words().alike

    assert "elevated" in alike["raised"]
    assert "raised" in alike["elevated"]
    assert "raised" not in alike["raised"]


def test_readings_stay_few_however_much_is_typed():
    readings = load_clinical_words().readings(["asd"] * 40)

    assert len(readings) <= 8


def test_there_are_abbreviations_for_every_part_of_medicine():
    assert len(load_clinical_words().abbreviations) >= 250
