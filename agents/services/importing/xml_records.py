"""Reading XML: dumps of question-and-answer sites, Android's string arrays, and any list of elements with fields."""

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from agents.services.importing.columns import recognise
from agents.services.importing.records import Problem, Record, UnreadableFileError
from agents.services.importing.sources import Source

QUESTION_POST, ANSWER_POST = "1", "2"
SECTION_MARK: Final = "###"
QUESTION_MARK: Final = "#"
LARGEST_ELEMENT: Final = 2 << 20
MOST_DEPTH: Final = 100


def read_xml(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield a record for each element that has fields; entities and external files are refused.

    An element is let go of as soon as it is read, so the memory does not grow with the file; of a dump of posts the
    questions' titles are kept, since the answers that follow are known by them.
    """
    reader = _Reader(mapping)
    with source.binary() as stream:
        try:
            for event, element in iterparse(stream, events=("start", "end")):
                yield from reader.started(element) if event == "start" else reader.ended(element)
        except DefusedXmlException as error:
            raise UnreadableFileError(_("It has entities, which are not read for safety.")) from error
        except (ParseError, ValueError, LookupError) as error:
            raise UnreadableFileError(_("It is not XML: %(error)s.") % {"error": error}) from error


class _Reader:
    def __init__(self, mapping: Mapping[str, str]) -> None:
        self.mapping = mapping
        self.path: list[Element] = []
        self.titles: dict[str, str] = {}
        self.count = 0
        self.taken: set[int] = set()

    def started(self, element: Element) -> Iterator[Record]:
        self.path.append(element)
        if len(self.path) > MOST_DEPTH:
            raise ValueError("nested too deeply")
        yield from ()

    def ended(self, element: Element) -> Iterator[Record]:
        self.path.pop()
        if "PostTypeId" in element.attrib:
            yield from self._post(element)
        elif element.tag in {"string-array", "array"}:
            yield from self._string_array(element)
        elif not self._inside_array():
            yield from self._element(element)
        if not self.path or not self._inside_array():
            self._let_go(element)

    def _inside_array(self) -> bool:
        return any(parent.tag in {"string-array", "array"} for parent in self.path)

    def _let_go(self, element: Element) -> None:
        """Forget what an element holds once its parent cannot need it as a field."""
        if len(element) or "PostTypeId" in element.attrib or element.tag == "row":
            element.clear()
            if self.path:
                self.path[-1].remove(element)

    def _record(self, fields: Mapping[str, str], about: tuple[str, ...] = ()) -> Record:
        self.count += 1
        return Record(self.count, fields, about)

    def _post(self, element: Element) -> Iterator[Record]:
        fields = element.attrib
        if fields["PostTypeId"] == QUESTION_POST:
            self.titles[fields.get("Id", "")] = fields.get("Title", "")
        elif fields["PostTypeId"] == ANSWER_POST:
            title = self.titles.get(fields.get("ParentId", ""), "")
            extra = {name.lower(): fields[name] for name in ("Id", "Score", "CreationDate") if name in fields}
            yield self._record({"title": title, "content": fields.get("Body", ""), **extra})

    def _string_array(self, element: Element) -> Iterator[Record]:
        """Read items in a row: `###` begins a section, `#` a question, then its answer; without marks, in pairs."""
        items = [text for item in element if (text := _text(item).replace('\\"', '"').replace("\\'", "'").strip())]
        if not any(item.startswith(QUESTION_MARK) for item in items):
            for first, second in zip(items[::2], items[1::2], strict=False):
                yield self._record({"question": first, "answer": second})
            return
        section = question = ""
        answer: list[str] = []
        for item in [*items, SECTION_MARK]:
            if not item.startswith(QUESTION_MARK):
                answer.append(item)
                continue
            if question:
                yield self._record({"question": question, "answer": "\n".join(answer), "section": section})
            question = ""
            answer = []
            if item.startswith(SECTION_MARK):
                section = item.removeprefix(SECTION_MARK).strip()
            else:
                question = item.removeprefix(QUESTION_MARK).strip()

    def _element(self, element: Element) -> Iterator[Record]:
        fields = {_name(name): value for name, value in element.attrib.items() if value.strip()}
        for child in element:
            if not len(child) and (text := _text(child).strip()):
                fields[_name(child.tag)] = f"{fields[_name(child.tag)]}\n{text}" if _name(child.tag) in fields else text
        ways = recognise(fields, self.mapping)
        if ways and (ways[0].title or self.mapping) and len(fields) > 1:
            yield self._record(fields)
        elif not len(element) and _name(element.tag) == "string" and fields.get("name") and _text(element).strip():
            yield self._record({"content": _text(element), "key": fields["name"]})


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return "".join(element.itertext())[:LARGEST_ELEMENT]
