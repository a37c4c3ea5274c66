"""Where each line goes: a function of what lines, register and persons say, and of nothing else.

Neither the order of the files nor what was linked before counts: taking a decision back, or taking
the files in another order, gives the very same suppliers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sourcing.linking import lines as of_lines
from sourcing.linking import weights
from sourcing.linking.clusters import Edge, Group, Home, firsts, gather, join
from sourcing.linking.decisions import DUPLICATE, FIRM, SITE, Journal
from sourcing.linking.guards import SITE as SITE_NOTE
from sourcing.linking.lines import Line
from sourcing.linking.verdicts import DIFFERENT, REVIEW, SAME

NO_MATCH = "aucun fournisseur de la base ne correspond"
SAME_SIRET = "même SIRET"
NEW_SIRET = "SIRET publié par la liste, inconnu de la base : fournisseur ajouté"
SHARED_SIRET = "un SIRET partagé n'est jamais séparé sans vérification"
RIVALS = "un autre fournisseur lui ressemble autant"
NOT_JOINED = "rapprochement à confirmer entre deux lignes de listes"


class Given(NamedTuple):
    """Where a line goes; what the rules say, '' when a person spoke; and of which supplier."""

    home: Home
    level: str
    verdict: str
    score: float
    reasons: tuple[str, ...]
    about: Home


class Option(NamedTuple):
    """A supplier a line may go to, and how sure that is."""

    home: Home
    score: float
    reasons: tuple[str, ...]
    level: str = SITE


class Candidate(NamedTuple):
    """One supplier the register proposes, as kept."""

    supplier: int
    probability: float
    # Of the firm it belongs to; told of the first candidate only.
    firm: float
    reasons: tuple[str, ...]


class Answer(NamedTuple):
    """What the register answers to one line."""

    verdict: str = DIFFERENT
    level: str = SITE
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class Known:
    """All that decides where these lines go."""

    lines: Sequence[Line]
    journal: Journal
    # mention -> what the register answers
    answers: Mapping[int, Answer]
    # Lines that are alike, those nothing holds back and the others.
    sure: Sequence[Edge]
    held: Sequence[Edge]
    # supplier -> siret, of the suppliers that answers and persons name
    sirets: Mapping[int, str]
    # siret -> what the register says of it, of the sirets the lines publish
    register: Mapping[str, Mapping[str, Any]]
    # SIREN -> the one that stands for it, when INSEE says that two are one firm
    twins: Mapping[str, str] = field(default_factory=dict)

    def firm(self, siren: str) -> str:
        return self.twins.get(siren, siren)

    def home_of(self, supplier: int) -> Home:
        siret = self.sirets.get(supplier, "")
        return Home(siret=siret) if siret else Home(supplier=supplier)


def assign(known: Known) -> dict[int, Given]:
    """mention -> where it goes; persons' words first, then sirets, then names and places."""
    return _Assignment(known).run()


class _Assignment:
    def __init__(self, known: Known) -> None:
        self.known, self.journal, self.weights = known, known.journal, weights.read()
        self.line = {line["id"]: line for line in known.lines}
        self.rank = {number: of_lines.order(line) for number, line in self.line.items()}
        self.by_siret = of_lines.by_siret(known.lines)
        self.settled = {line["id"]: home for line in known.lines if (home := self._settled(line))}
        self.placed = self.journal.placed()
        # Lines that are surely alike, from either end.
        self.ends: dict[int, list[tuple[int, Edge]]] = {}
        for edge in known.sure:
            self.ends.setdefault(edge.one, []).append((edge.other, edge))
            self.ends.setdefault(edge.other, []).append((edge.one, edge))
        # What the register, or other lists that have a siret, give to a line; what is to be asked.
        self.chosen: dict[int, Option] = {}
        self.doubts: dict[int, Option] = {}
        self.rivals: dict[int, set[Home]] = {}
        # Lines that have a home, and are like lines of another firm.
        self.cut: dict[int, Option] = {}

    def run(self) -> dict[int, Given]:
        self._choose()
        group = gather(self._groups(), self.journal.together())
        free = [e for e in self.known.sure if e.one in group and e.other in group]
        self._doubt(join(group, free, self.rank.__getitem__), group)
        self._doubt([e for e in self.known.held if e.one in group and e.other in group], group)
        first = firsts(group, self.rank.__getitem__)
        self.home = {m: g.home or Home(line=first[m]) for m, g in group.items()}
        self.home |= {m: option.home for m, option in self.chosen.items()}
        return {mention: self._given(mention, group) for mention in self.line}

    # --- line by line ---

    def _settled(self, line: Line) -> Home | None:
        """Where a person, else its own siret, puts a line."""
        if pin := self.journal.pinned.get(line["id"]):
            return self.known.home_of(pin.supplier)
        own = Home(siret=line["published"])
        return own if line["published"] and own not in self._refused(line["id"]) else None

    def _refused(self, mention: int) -> set[Home]:
        return {self.known.home_of(s) for s in self.journal.refused.get(mention, ())}

    def _choose(self) -> None:
        """Lines without siret: the one supplier that register and other lists agree on."""
        near = self._near()
        for mention in self.line.keys() - self.settled.keys() - self.placed:
            like, sure = [*near.get(mention, {}).values()], self._sure_answer(mention)
            if sure and not (sure.level == FIRM and self._firms(like) == self._firms([sure])):
                like.append(sure)
            if len({option.home for option in like}) > 1:
                self._settle_rivals(mention, like)
            elif sure and like == [sure] and not self.journal.refused.get(mention):
                self.chosen[mention] = sure
            if mention not in self.chosen and (option := next(self._options(mention), None)):
                self.doubts.setdefault(mention, option)

    def _near(self) -> dict[int, dict[Home, Option]]:
        """Lines without siret -> the suppliers of the lines they are surely like."""
        near: dict[int, dict[Home, Option]] = {}
        for mention in self.ends.keys() - self.settled.keys():
            refused = self._refused(mention)
            for other, edge in self.ends[mention]:
                home = self.settled.get(other)
                if home is None or home in refused or self._is_firm_pin(other):
                    continue
                found = near.setdefault(mention, {})
                if home not in found or found[home].score < edge.score:
                    found[home] = Option(home, edge.score, self._like(other, edge))
        return near

    def _sure_answer(self, mention: int) -> Option | None:
        """The register's, when it is sure of the site or of the firm."""
        answer = self.known.answers.get(mention, Answer())
        option = next(self._options(mention), None)
        if option is None or option.score < self.weights.same:
            return None
        return option if answer.verdict == SAME or option.level == FIRM else None

    def _options(self, mention: int) -> Iterator[Option]:
        """What the register proposes for a line, refused suppliers out of the reckoning."""
        answer = self.known.answers.get(mention, Answer())
        refused = self.journal.refused.get(mention, set())
        left = 1.0 - sum(c.probability for c in answer.candidates if c.supplier in refused)
        for number, candidate in enumerate(answer.candidates):
            if candidate.supplier in refused:
                continue
            is_firm = answer.level == FIRM and number == 0
            chance = min(1.0, candidate.probability / max(left, 1e-4))
            score = round(candidate.firm if is_firm else chance, 4)
            if score >= self.weights.review:
                home = self.known.home_of(candidate.supplier)
                yield Option(home, score, candidate.reasons, FIRM if is_firm else SITE)

    def _settle_rivals(self, mention: int, options: Sequence[Option]) -> None:
        """Several suppliers surely are it: sites of one firm, or a question."""
        best = max(options, key=lambda o: (o.score, o.home))
        if len(self._firms(options)) == 1 and not self.journal.refused.get(mention):
            reasons = tuple(dict.fromkeys((*best.reasons, SITE_NOTE)))
            self.chosen[mention] = best._replace(level=FIRM, reasons=reasons)
            return
        self.rivals[mention] = {option.home for option in options}
        self.doubts[mention] = best._replace(reasons=(*best.reasons, RIVALS))

    def _firms(self, options: Sequence[Option]) -> set[str]:
        """The firms of these suppliers; one without siret is like no other."""
        return {self.known.firm(o.home.siret[:9]) or str(o.home) for o in options}

    def _is_firm_pin(self, mention: int) -> bool:
        pin = self.journal.pinned.get(mention)
        return pin is not None and pin.level == FIRM

    def _like(self, other: int, edge: Edge) -> tuple[str, ...]:
        by = ", rattachée par une personne" if other in self.journal.pinned else ""
        return (f"même structure que « {self.line[other]['name']} »{by}", *edge.reasons)

    # --- together ---

    def _groups(self) -> Iterator[Group]:
        """Lines by the home they have; each of the others alone."""
        homes: dict[Home, Group] = {}
        for mention, line in self.line.items():
            if mention in self.chosen or self._is_firm_pin(mention):
                continue
            own = self._group(mention, line)
            if own.home is None:
                yield own
            elif own.home in homes:
                homes[own.home].take(own)
            else:
                homes[own.home] = own
        yield from homes.values()

    def _group(self, mention: int, line: Line) -> Group:
        home = self.settled.get(mention)
        siren = home.siret[:9] if home else "" if line["published"] else line["siren"]
        return Group(
            [mention],
            home,
            {self.known.firm(siren)} - {""},
            self.journal.apart(mention),
            self._refused(mention) | self.rivals.get(mention, set()),
            bool(self.journal.refused.get(mention)) and home is None,
        )

    def _doubt(self, edges: Sequence[Edge], group: Mapping[int, Group]) -> None:
        """What would have joined two suppliers is asked, of the later line without siret."""
        for edge in sorted(edges, key=lambda e: (-e.score, self.rank[e.one], self.rank[e.other])):
            one, other = sorted((edge.one, edge.other), key=self.rank.__getitem__)
            if other in self.settled:
                one, other = other, one
            is_known = other in self.settled or other in self.placed or group[one] is group[other]
            if is_known or other in group[one].apart or group[one].home in self._refused(other):
                continue
            home = group[one].home or Home(line=min(group[one].members, key=self.rank.__getitem__))
            option = Option(home, edge.score, (*self._like(one, edge), NOT_JOINED))
            self.doubts.setdefault(other, option)
            self.cut.setdefault(other, option)

    # --- what is said of it ---

    def _given(self, mention: int, group: Mapping[int, Group]) -> Given:
        home = self.home.get(mention) or self.settled[mention]
        pin = self.journal.pinned.get(mention)
        if pin or mention in self.placed:
            return Given(home, pin.level if pin else SITE, "", 1.0, (), home)
        if mention in self.settled:
            return self._by_siret(mention, home)
        if mention in self.chosen:
            return self._by_answer(mention, self.chosen[mention])
        doubt = (self.doubts if home.line else self.cut).get(mention)
        if doubt and self.line[mention]["gone_on"] is None:
            return Given(home, SITE, REVIEW, doubt.score, doubt.reasons, doubt.home)
        if home.line:
            return self._alone(mention, home, len(group[mention].members))
        return self._by_likeness(mention, home, group[mention])

    def _by_siret(self, mention: int, home: Home) -> Given:
        line, siret = self.line[mention], home.siret
        doubt = self._disagreement(line)
        if doubt and line["gone_on"] is None:
            return Given(home, SITE, REVIEW, 0.5, (SAME_SIRET, *doubt, SHARED_SIRET), home)
        reason = line["inherited"] or (SAME_SIRET if siret in self.known.register else NEW_SIRET)
        return Given(home, SITE, SAME, 1.0, (reason,), home)

    def _disagreement(self, line: Line) -> tuple[str, ...]:
        """French clauses when what shares this siret has neither a name nor a place in common."""
        siret = line["published"]
        others = [o for o in self.by_siret[siret] if o["id"] != line["id"]]
        facts = self.known.register.get(siret)
        for other in (*others, *([facts] if facts and facts["name"] else [])):
            if of_lines.departements_differ(line, other) and not of_lines.names_meet(line, other):
                names = f"noms sans rapport (« {line['name']} », « {other['name']} »)"
                return names, "départements différents"
        return ()

    def _by_answer(self, mention: int, option: Option) -> Given:
        home, is_firm = option.home, option.level == FIRM
        level = FIRM if is_firm else self._level(mention, home)
        return Given(home, level, REVIEW if is_firm else SAME, option.score, option.reasons, home)

    def _by_likeness(self, mention: int, home: Home, group: Group) -> Given:
        """A line without siret that is one structure with lines that have a home."""
        members = set(group.members)
        like = [(other, edge) for other, edge in self.ends.get(mention, ()) if other in members]
        if not like:
            # A person said that another line is this one's structure.
            return Given(home, SITE, "", 1.0, (), home)
        other, edge = max(
            like, key=lambda end: (end[0] in self.settled, end[1].score, self.rank[end[0]])
        )
        reasons = self._like(other, edge)
        return Given(home, self._level(mention, home), SAME, edge.score, reasons, home)

    def _level(self, mention: int, home: Home) -> str:
        """Another SIREN of the same firm may be what the line publishes."""
        siren = of_lines.siren(self.line[mention])
        firm = home.siret[:9]
        is_twin = siren != firm and self.known.firm(siren) == self.known.firm(firm)
        return DUPLICATE if siren and firm and is_twin else SITE

    def _alone(self, mention: int, home: Home, size: int) -> Given:
        answer = self.known.answers.get(mention, Answer())
        score = 1 - max((c.probability for c in answer.candidates), default=0.0)
        others = (f"{size} lignes de listes nomment la même structure",) if size > 1 else ()
        verdict = SAME if size > 1 else DIFFERENT
        return Given(home, SITE, verdict, score, (NO_MATCH, *others), home)
