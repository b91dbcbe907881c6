#!/usr/bin/python3
"""page.py FILE [tables] - reads a page of greenlane report strictly: every element is closed where it must be, there is nothing that
runs or is fetched, the security policy comes before anything that it governs. Prints the vendors' table as JSON (with
"tables" all tables, by their heading), or what is wrong and exits with 1."""
import html.parser
import json
import re
import sys

VOID = {"meta"}
KNOWN = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "h1", "h2", "h3", "p", "ul", "li", "a",
         "strong", "span", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "path", "code", "details",
         "summary"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "role", "aria-label", "aria-hidden",
              "tabindex", "scope", "viewbox", "preserveaspectratio", "d"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.rows, self.row, self.heading = [], set(), {}, None, ""
        self.policy = None

    def fail(self, what):
        raise SystemExit("line %d: %s" % (self.getpos()[0], what))

    def handle_starttag(self, tag, attributes):
        if tag not in KNOWN:
            self.fail("an element <%s>" % tag)
        for name, value in attributes:
            if name not in ATTRIBUTES:
                self.fail("an attribute %s" % name)
            if name == "href" and not value.startswith("#"):
                self.fail("a link to %s" % value)
            if name == "id":
                if value in self.ids:
                    self.fail("id %s twice" % value)
                self.ids.add(value)
            if name == "http-equiv":
                self.policy = dict(attributes)["content"]
        if tag == "style" and self.policy != "default-src 'none'; style-src 'unsafe-inline'":
            self.fail("no security policy before the style")
        if tag == "tr":
            self.row = []
        if tag in ("td", "th") and self.row is not None:
            self.row.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.fail("</%s> where another is open" % tag)
        if tag == "tr":
            self.rows.setdefault(self.heading, []).append(self.row)
            self.row = None

    def handle_data(self, data):
        where = self.open[-1] if self.open else ""
        if where == "style" and re.search(r"url\(|@import|expression|//", data):
            self.fail("the style fetches something")
        if where in ("h2", "h3"):
            self.heading = data
        if self.row:
            self.row[-1] += data
        if any(ord(c) < 0x20 and c != "\n" or ord(c) == 0x7f for c in data):
            self.fail("a control character")


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.close()
    if page.open:
        page.fail("<%s> is not closed" % page.open[-1])
    if not text.startswith("<!DOCTYPE html>\n"):
        page.fail("no doctype")
    if sys.argv[2:] == ["tables"]:
        print(json.dumps(page.rows))
        return
    print(json.dumps({row[0]: row[2:6] for row in page.rows.get("Vendors", [])[1:]}))


if __name__ == "__main__":
    main()
