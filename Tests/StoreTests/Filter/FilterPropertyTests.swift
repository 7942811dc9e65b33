import Foundation
import GRDB
import Store
import TestSupport
import Testing

/// Filters in SQL against the same filters in memory, over random clips.
@Suite struct FilterPropertyTests {
    private static let dates = (1...28).map { String(format: "2026-03-%02dT12:00:00.000Z", $0) }

    /// A library of random clips, and what the test knows of them.
    private func populate(_ folder: TemporaryFolder, _ random: inout Seeded) throws -> [ModelClip] {
        let library = try Fixture.library(in: folder)
        var models: [ModelClip] = []
        var news: [NewClip] = []
        for number in 0..<150 {
            var model = ModelClip()
            var clip = Fixture.clip(number, name: random.pick(ModelFilter.words))
            model.isVideo = Int.random(in: 0..<4, using: &random) > 0
            model.hasMotion = model.isVideo && Bool.random(using: &random)
            if model.isVideo {
                model.startMilliseconds = Int.random(in: 0...3000, using: &random)
                model.endMilliseconds =
                    model.startMilliseconds + random.pick([0, 1, 500, 1001, 2000, 2040])
                clip.start = Double(model.startMilliseconds) / 1000
                clip.end = Double(model.endMilliseconds) / 1000
            } else {
                (clip.start, clip.end) = (0, 0)
            }
            if Bool.random(using: &random) {
                let (width, height) = (random.pick([64, 128, 640]), random.pick([64, 128, 480]))
                let (top, bottom) = random.pick([(25, 1), (30_000, 1001), (24_000, 1001), (50, 1)])
                (model.width, model.height) = (width, height)
                if model.isVideo {
                    model.centirate = Int((Double(top) * 100 / Double(bottom)).rounded())
                }
                clip.source.containerJSON = """
                    {"width":\(width),"height":\(height),"averageFrameRate":\
                    {"numerator":\(top),"denominator":\(bottom)}}
                    """
            } else {
                clip.source.containerJSON = "{}"
            }
            clip.source.mediaKind = model.isVideo ? .video : .still
            clip.assets = []
            if model.hasMotion {
                clip.assets = [NewAsset(kind: .dynamics, tensor: Fixture.tensor([1], seed: number))]
            }
            let caption = Bool.random(using: &random) ? random.pick(ModelFilter.words) : nil
            clip.caption = caption
            model.caption = caption ?? ""
            model.tags = Set(
                (0..<2).map { _ in random.pick(ModelFilter.words) }.filter { !$0.isEmpty }
            )
            clip.tags = Array(model.tags)
            (model.path, model.sha256) = (clip.source.path, clip.source.sha256)
            news.append(clip)
            models.append(model)
        }
        let done = try library.commit(news)
        for index in models.indices {
            models[index].id = done[index].id.hex
            models[index].name = done[index].name
        }
        try collect(library, &models, &random)
        try date(folder, &models, &random)
        return models
    }

    private func collect(
        _ library: Library,
        _ models: inout [ModelClip],
        _ random: inout Seeded
    ) throws {
        for name in ["walk", "night", "50%"] {
            let members = models.indices.filter { _ in Bool.random(using: &random) }
            let ids = members.compactMap { ClipID(hex: models[$0].id) }
            #expect(try library.add(ids, toCollection: name) == ids)
            for member in members { models[member].collections.insert(name) }
        }
    }

    /// All clips were added just now: other dates are written behind the store's back.
    private func date(
        _ folder: TemporaryFolder,
        _ models: inout [ModelClip],
        _ random: inout Seeded
    ) throws {
        let queue = try DatabaseQueue(path: folder.library + "/catalog.sqlite")
        for index in models.indices {
            models[index].added = random.pick(Self.dates)
            let arguments: StatementArguments = [models[index].added, models[index].id]
            try queue.write { db in
                try db.execute(
                    sql: "UPDATE clips SET added = ? WHERE identity = ?",
                    arguments: arguments
                )
            }
        }
    }

    @Test(arguments: [1, 2, 3]) func catalogueAndMemoryAgree(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let folder = try TemporaryFolder()
        let models = try populate(folder, &random)
        let library = try Library.open(at: folder.library)
        var partial = 0
        for _ in 0..<300 {
            let model = ModelFilter.random(depth: 4, &random)
            var filter = ClipFilter()
            filter.expression = try FilterExpression(model.text)
            let expected = Set(models.filter(model.holds).map(\.id))
            let found = Set(try library.clipIDs(filter).map(\.hex))
            let wrong = found.symmetricDifference(expected).count
            #expect(wrong == 0, "\(model.text)")
            let listed = Set(try library.clips(filter).map(\.id.hex))
            #expect(listed.symmetricDifference(found).isEmpty, "\(model.text)")
            if !found.isEmpty, found.count < models.count { partial += 1 }
        }
        #expect(partial > 90, "only \(partial) filters tell clips apart")
    }

    @Test func whateverIsWrittenIsAFilterOrAnError() throws {
        var random = Seeded(state: 7)
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        _ = try library.commit([Fixture.clip(1)])
        let pieces =
            FilterExpression.fieldNames + ModelFilter.words + [
                "=", "!=", "<", ">=", "contains", "starts", "in", "(", ")", ",", "not", "and", "or",
                "\"",
                "'", "\\", "2s", "2026-03-01", "true", "video", "3fa9", "\u{301}", "👩‍👩‍👧", "\r\n",
                "\0",
                "-", "--", ";", "/*", "?", "1e5", "nan", "-3", "..",
            ]
        var good = 0
        for turn in 0..<10_000 {
            let count = Int.random(in: 0...7, using: &random)
            let gap = random.pick(["", " ", " "])
            var text = (0..<count).map { _ in random.pick(pieces) }.joined(separator: gap)
            if turn % 2 == 0 {
                // A filter in which something was put, or taken out, at random places.
                text = ModelFilter.random(depth: 2, &random).text
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    let place = text.indices.randomElement(using: &random) ?? text.startIndex
                    if Bool.random(using: &random) {
                        text.remove(at: place)
                    } else {
                        text.insert(contentsOf: random.pick(pieces), at: place)
                    }
                }
            }
            do {
                var filter = ClipFilter()
                filter.expression = try FilterExpression(text)
                _ = try library.clipIDs(filter)
                good += 1
            } catch {
                #expect(error.kind == .invalidValue, "\(text): \(error)")
                #expect(error.description.contains("^"), "\(text): \(error)")
            }
        }
        #expect(good > 1000, "\(good)")
    }
}
