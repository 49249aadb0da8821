"""The browser that other tests look at pages with: it sees what it is there to see."""


def write(folder, html):
    (folder / "page.html").write_text(f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{html}")
    return folder / "page.html"


def test_a_page_is_opened_and_its_script_runs(tmp_path, visit):
    page = visit(write(tmp_path, "<p id=p>before</p><script>p.textContent = innerWidth</script>")).page
    assert page.locator("#p").text_content() == "1280"


def test_what_a_page_complains_of_and_asks_for_is_seen(tmp_path, visit):
    bad = "<script>console.error('one'); throw Error('two')</script><img src='http://127.0.0.1:9/three.png'>"
    window = visit(write(tmp_path, bad), strict=False)
    window.page.wait_for_load_state()
    told = "\n".join(window.errors)
    assert "one" in told and "two" in told
    assert window.requests == ["http://127.0.0.1:9/three.png"]


def test_webgl2_works_here(tmp_path, visit):
    page = visit(write(tmp_path, "<canvas id=c></canvas>")).page
    assert page.evaluate("!!c.getContext('webgl2')")
