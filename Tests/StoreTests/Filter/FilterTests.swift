import Foundation
import Store
import TestSupport
import Testing

/// What filters mean, what is refused, and where the caret stands.
@Suite struct FilterTests {
    private func names(_ library: Library, _ text: String) throws -> [String] {
        var filter = ClipFilter()
        filter.expression = try FilterExpression(text)
        return try library.clips(filter).map(\.name)
    }

    @Test func everyWayOfWritingIsUnderstood() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var clips = (1...3).map { Fixture.clip($0) }
        clips[1].caption = nil
        clips[2].caption = "It's a \"Red\" dress\n50% off"
        clips[2].end = 90
        clips[2].tags = ["a b"]
        _ = try library.commit(clips)
        let (one, two, three) = (["clip-1"], ["clip-2"], ["clip-3"])
        #expect(try names(library, "duration>4 AND Caption CONTAINS 'red'") == three)
        #expect(try names(library, #"caption contains "\"Red\" dress\n50%""#) == three)
        #expect(try names(library, #"caption contains 'It\'s'"#) == three)
        #expect(try names(library, #"caption = """#) == two, "a clip without a caption")
        #expect(try names(library, "caption != 'clip number 1'") == two + three)
        #expect(try names(library, "duration = 1.5min or duration = 90000 ms") == three)
        #expect(try names(library, "duration in (90 s, 4)") == one + two + three)
        #expect(try names(library, "tag = 'a b'") == three)
        #expect(try names(library, "tag in (odd, even)") == one + two)
        #expect(try names(library, "not tag matches *") == [])
        #expect(try names(library, "name matches clip-? and name not ends 1") == two + three)
        #expect(try names(library, "pack = faces") == one + two + three)
        #expect(try names(library, "pack = \(Fixture.pack.fingerprint.prefix(6))").count == 3)
        #expect(try names(library, "pack starts FAC").count == 3)
        #expect(try names(library, "id = \(clips[1].id.short)") == two)
        #expect(try names(library, "sha256 = \(clips[2].source.sha256)") == three)
        #expect(try names(library, "kind = video and motion = yes").count == 3)
        #expect(try names(library, "added > 2020-01-01 and added >= 2020-01-01T10:30").count == 3)
        #expect(try names(library, "width = 100 or width < 100") == [], "no width is known")
        #expect(try names(library, "width != 100").count == 3)
        #expect(try names(library, "not (name = clip-1 or not name = clip-2)") == two)
    }

    @Test func filtersJoinWithTheOtherConditions() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit((1...6).map { Fixture.clip($0) })
        var filter = ClipFilter()
        filter.tags = ["even"]
        filter.expression = try FilterExpression("name != clip-2")
        #expect(try library.clips(filter).map(\.name) == ["clip-4", "clip-6"])
        #expect(try library.clipIDs(filter).count == 2)
        let assets = try library.assets(ofClips: filter)
        #expect(Set(assets.keys) == (try library.clipIDs(filter)))
        for (id, found) in assets { #expect(found == (try library.assets(of: id))) }
        filter.limit = 1
        #expect(try library.assets(ofClips: filter).count == 1)
        #expect(try library.clips(filter).map(\.name) == ["clip-4"])
        #expect(try library.clipIDs(filter) == [Fixture.clip(4).id])
    }

    static let refused: [(text: String, message: String)] = [
        (
            "durration > 2",
            """
            filter: there is no field "durration"; did you mean duration?
              durration > 2
              ^
            fields: name, base, caption, tag, collection, pack, source, sha256, id, start, end, \
            duration, added, kind, motion, width, height, fps
            """
        ),
        (
            "tag = walk and name < 3",
            """
            filter: name is a text, which knows no <; expected: =, !=, contains, starts, ends, \
            matches or in
              tag = walk and name < 3
                                  ^
            """
        ),
        (
            "duration contains \"x\"",
            """
            filter: duration is a number of seconds, which knows no contains; expected: =, !=, <, <=, >, \
            >= or in
              duration contains "x"
                       ^
            """
        ),
        (
            "duration > long",
            """
            filter: duration is a number of seconds (2, 1.5s, 500ms or 2min), not "long"
              duration > long
                         ^
            """
        ),
        (
            "caption = red dress",
            """
            filter: expected here: and, or, or the end, not "dress"; put a text of several words in quotes
              caption = red dress
                            ^
            """
        ),
        (
            "tag == walk",
            """
            filter: "==" is no comparison; write = for ==; expected: =, !=, contains, starts, ends, \
            matches or in
              tag == walk
                  ^
            """
        ),
        (
            "tag = walk && motion = true",
            """
            filter: expected here: and, or, or the end, not "&&"; write and for &&
              tag = walk && motion = true
                         ^
            """
        ),
        (
            "(tag = walk",
            """
            filter: this parenthesis is not closed; put ) behind
              (tag = walk
              ^
            """
        ),
        (
            "tag = walk)",
            """
            filter: this parenthesis closes none; leave it out
              tag = walk)
                        ^
            """
        ),
        (
            "caption = 'red",
            """
            filter: this quote is not closed; put ' behind the text
              caption = 'red
                        ^
            """
        ),
        (
            "tag = and",
            """
            filter: and is a word of the language; as a value, put it in quotes
              tag = and
                    ^
            """
        ),
        (
            "tag in walk",
            """
            filter: expected behind in: (, as in tag in (walk, run)
              tag in walk
                     ^
            """
        ),
        (
            "added > 2026-02-30",
            """
            filter: added is a date (2026-03-01 or 2026-03-01T14:30), not "2026-02-30"
              added > 2026-02-30
                      ^
            """
        ),
        (
            "tag",
            """
            filter: expected behind tag: =, !=, contains, starts, ends, matches or in
              tag
                 ^
            """
        ),
        (
            "motion = true and caption contains “red”",
            """
            filter: this is a quote of printed texts; write " or ' around the text
              motion = true and caption contains “red”
                                                 ^
            """
        ),
        (
            "duration > 2 parsecs",
            """
            filter: expected here: and, or, or the end, not "parsecs"
              duration > 2 parsecs
                           ^
            """
        ),
        (
            "(id = 3fa9 tag = x) or tag = y",
            """
            filter: expected here: and, or, or ), not "tag"
              (id = 3fa9 tag = x) or tag = y
                         ^
            """
        ),
        (
            "id = 3f or",
            """
            filter: id is a hash (4 to 64 hexadecimal digits), not "3f"
              id = 3f or
                   ^
            """
        ),
        (
            "tag not = x",
            """
            filter: expected behind not: contains, starts, ends, matches or in; or write not tag = ...
              tag not = x
                      ^
            """
        ),
        (
            " ",
            "filter: it is empty; write a condition, such as duration > 2\n   \n  ^"
        ),
    ]

    @Test(arguments: refused.indices) func whatIsWrongIsPointedAt(index: Int) {
        let (text, message) = Self.refused[index]
        let error = expectFailure(.invalidValue) { try FilterExpression(text) }
        #expect(error?.description == message)
    }

    @Test func aLongFilterIsShownAroundThePlace() throws {
        let part = "name = figure and "
        let text =
            String(repeating: part, count: 20) + "nome = x and " + part + part + part + part
            + "tag = y"
        let error = try #require(expectFailure(.invalidValue) { try FilterExpression(text) })
        let lines = error.description.split(separator: "\n")
        #expect(lines[1].count < 80 && lines[1].hasPrefix("  …") && lines[1].hasSuffix("…"))
        let column = lines[2].count - 1
        #expect(Array(lines[1])[column...].starts(with: "nome"), "\(error)")
    }

    @Test func deepLongAndManyAreRefused() throws {
        func fails(_ text: String, _ part: String) {
            let error = expectFailure(.invalidValue) { try FilterExpression(text) }
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        }
        fails(String(repeating: "(", count: 100_000), "bytes")
        fails(String(repeating: "(", count: 9_000), "lie in each other")
        fails(String(repeating: "not ", count: 2_000), "lie in each other")
        let test = "tag=a or "
        fails(String(repeating: test, count: 201) + "tag=a", "200 comparisons")
        fails("tag in (" + String(repeating: "a,", count: 600) + "a)", "500 values")
        // As much as is allowed is also as much as SQLite takes.
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        let deep = String(repeating: "(not ", count: 25)
        let many = Array(repeating: "tag=a", count: 198).joined(separator: " or ")
        let list = Array(repeating: "abcd", count: 302).joined(separator: ",")
        let text = "\(deep)\(many) or id in (\(list))" + String(repeating: ")", count: 25)
        var filter = ClipFilter()
        filter.expression = try FilterExpression(text)
        #expect(try library.clipIDs(filter).isEmpty)
    }

    @Test func everyFieldIsDocumented() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/filters.md"),
            encoding: .utf8
        )
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let fields = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(fields == FilterExpression.fieldNames)
    }
}
