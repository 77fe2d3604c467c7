import minicnn as mc


def test_a_ready_network(minicnn):
    said = minicnn("summary", "catdog")
    assert said.code == 0
    assert "Total parameters: 9,494,561" in said.out


def test_a_saved_model(minicnn, model):
    said = minicnn("summary", model, "--batch-size", 1000)
    assert "Total parameters: 4 " in said.out
    assert "batch of 1000" in said.out
    assert said.out.splitlines()[-1] == "Classes: night, day"


def test_names_in_a_file_do_nothing_to_a_terminal(minicnn):
    model = mc.Sequential([mc.Dense(1, name="\x1b[2J")], input_shape=(2,))
    model.class_names = ("a\x1b[31m", "b\nc")
    model.save("odd.safetensors")
    said = minicnn("summary", "odd.safetensors")
    assert all(line.isprintable() for line in said.out.split("\n"))
