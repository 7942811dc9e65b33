import Foundation
import Packs
import Pipelines
import Store
import Tensors
import Testing

/// What goes into a bundle comes out of it, in any library, in any order, however often.
struct BundleTests {
    @Test func everythingComesBackRowByRowAndBitByBit() throws {
        let fixture = try BundleFixture()
        let source = try fixture.filled("a", 0..<70).library
        var segments = [try BundleFixture.clip(100, name: "walk"), try BundleFixture.clip(100)]
        (segments[1].name, segments[1].start, segments[1].end) = ("walk", 2, 4)
        for index in segments.indices { segments[index].isSegment = true }
        _ = try source.commit(segments)
        let bundle = try fixture.export(Session(library: source), "all.vsdbundle")
        let copy = try fixture.session("b")
        let report = try copy.importing(bundle)[0]
        #expect((report.added, report.known, report.renamed) == (72, 0, []))
        #expect((report.compositions, report.collections) == (["swap"], ["reel"]))
        #expect(try copy.library.contents() == source.contents())
        #expect(try copy.library.contents().contains { $0.contains("walk@2s-4s") })
        #expect(try Library.check(at: copy.library.path).isSound)
        #expect(try copy.indexStatus().allSatisfy { $0.state == .current || $0.state == .none })
    }

    @Test func aBundleIsReadableJSONAndSafetensors() throws {
        let fixture = try BundleFixture()
        let session = try fixture.filled("a", 0..<3)
        let bundle = try fixture.export(session, "all.vsdbundle")
        let names = try FileManager.default.contentsOfDirectory(atPath: bundle).sorted()
        #expect(
            names == [
                "bundle.json", "clips-0000.jsonl", "collections.jsonl", "compositions.jsonl",
                "tensors-0000.safetensors",
            ]
        )
        let tensors = try SafetensorsFile(path: bundle + "/tensors-0000.safetensors")
        let clip = try session.library.resolve("clip-1").clip
        let content = try #require(tensors.raw("\(clip.id.hex).content"))
        #expect(content.bytes == (try session.library.tensor(of: clip.id, .content)?.bytes))
        // Nothing is left beside it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path(".")).count == 2)
    }

    @Test func importingAgainChangesNothing() throws {
        let fixture = try BundleFixture()
        let bundle = try fixture.export(try fixture.filled("a", 0..<5), "all.vsdbundle")
        let copy = try fixture.session("b")
        try copy.importing(bundle)
        let before = try copy.library.contents()
        let again = try copy.importing(bundle, bundle)
        #expect(again.map(\.added) == [0, 0] && again.map(\.known) == [5, 5])
        #expect(again.map(\.knownCompositions) == [1, 1] && again[0].collections.isEmpty)
        #expect(try copy.library.contents() == before)
    }

    @Test func twoLibrariesBecomeTheSameFromEitherSide() throws {
        let fixture = try BundleFixture()
        let (a, b) = (try fixture.filled("a", 0..<6), try fixture.filled("b", 4..<9))
        let fromA = try fixture.export(a, "a.vsdbundle")
        let fromB = try fixture.export(b, "b.vsdbundle")
        try a.importing(fromB)
        try b.importing(fromA)
        func clips(_ session: Session) throws -> [String] {
            try session.library.contents().filter { !$0.hasPrefix("co") }
        }
        #expect(try clips(a) == clips(b))
        #expect(try a.library.clips().count == 9)
        // Both have a composition "swap" of other clips, and keep both.
        for session in [a, b] {
            #expect(try session.library.compositions().map(\.name) == ["swap", "swap-2"])
            #expect(try session.library.collections().map(\.clipCount) == [9])
        }
        #expect(
            try Set(a.library.compositions().map(\.hash))
                == Set(b.library.compositions().map(\.hash))
        )
    }

    @Test func whatIsThereStaysAndTagsComeTogether() throws {
        let fixture = try BundleFixture()
        let (a, b) = (try fixture.filled("a", 1..<3), try fixture.session("b"))
        var (same, other) = (try BundleFixture.clip(1, name: "mine"), try BundleFixture.clip(9))
        (same.caption, same.tags) = ("my words", ["mine"])
        other.name = "clip-2"
        let mine = try b.library.commit([same, other])[0].id
        let bundle = try fixture.export(a, "a.vsdbundle")
        let plan = try b.importing(bundle, dryRun: true)[0]
        #expect((plan.added, plan.known, plan.isDryRun) == (1, 1, true))
        #expect(plan.renamed.map { [$0.kind, $0.old, $0.new] } == [["clip", "clip-2", nil]])
        #expect(try b.library.clips().count == 2)
        let report = try b.importing(bundle)[0]
        #expect((report.added, report.known, report.labelled) == (1, 1, 1))
        #expect(report.renamed.map { [$0.old, $0.new] } == [["clip-2", "clip-2-2"]])
        let clip = try b.library.clip(mine)
        #expect((clip.name, clip.caption, clip.tags) == ("mine", "my words", ["mine", "odd"]))
        // A caption is taken where there is none.
        _ = try b.library.setCaptions([mine: nil])
        try b.importing(bundle)
        #expect(try b.library.clip(mine).caption == BundleFixture.clip(1).caption)
    }

    @Test func twoNamesOfOneRecipeComeTogether() throws {
        let fixture = try BundleFixture()
        let a = try fixture.filled("a", 0..<2)
        let recipe = try Recipe.decode(
            try a.library.composition("swap").recipeJSON,
            name: "swap"
        )
        try a.save(recipe, as: "swap-again")
        let bundle = try fixture.export(a, "a.vsdbundle")
        let b = try fixture.session("b")
        #expect(try b.importing(bundle)[0].compositions == ["swap", "swap-again"])
        #expect(try b.importing(bundle)[0].knownCompositions == 2)
    }

    @Test func anInterruptedImportIsFinishedByTheNext() throws {
        let fixture = try BundleFixture()
        let source = try fixture.filled("a", 0..<100)
        let bundle = try fixture.export(source, "all.vsdbundle")
        let copy = try fixture.session("b")
        for stop in [1, 33, 70] {
            let cancellation = Cancellation()
            #expect(throws: InterruptedError.self) {
                try copy.importBundles(
                    [bundle],
                    cancellation: cancellation,
                    onProgress: {
                        if $0.step == .adding, $0.done == stop { cancellation.cancel() }
                    },
                    onReport: { _ in }
                )
            }
            // Whole groups, and no recipe before its clips.
            #expect(try copy.library.clips().count == stop / 32 * 32)
            #expect(try copy.library.compositions().isEmpty)
            #expect(try Library.check(at: copy.library.path).isSound)
        }
        #expect(try copy.importing(bundle)[0].added == 36)
        #expect(try copy.library.contents() == source.library.contents())
    }

    @Test func aStoppedExportLeavesNothing() throws {
        let fixture = try BundleFixture()
        let session = try fixture.filled("a", 0..<3)
        let cancellation = Cancellation()
        cancellation.cancel()
        #expect(throws: InterruptedError.self) {
            try session.export(
                ExportRequest(output: fixture.path("all.vsdbundle")),
                cancellation: cancellation
            )
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path(".")) == ["a"])
    }

    @Test func packsComeAlongOrAreAskedFor() throws {
        let fixture = try BundleFixture()
        let source = try fixture.filled("a", 0..<2)
        let without = try fixture.export(source, "without.vsdbundle")
        let with = try fixture.export(source, "with.vsdbundle", withPacks: true)
        let empty = try fixture.session("b", hasPack: false)
        let error = #expect(throws: StoreError.self) { try empty.importing(without) }
        #expect(error?.kind == .unknownReference)
        #expect(error?.description.contains("vsdb pack add DIR") == true)
        #expect(try empty.importing(without, with).map(\.packs) == [["paper-doll"], []])
        #expect(try empty.library.contents() == source.library.contents())
        #expect(try empty.library.defaultPack()?.name == "paper-doll")
        _ = try empty.pack().pack.verify()
    }

    @Test func aPackThatWasCopiedAndNotRegisteredIsUsed() throws {
        let fixture = try BundleFixture()
        let source = try fixture.filled("a", 0..<2)
        let bundle = try fixture.export(source, "all.vsdbundle", withPacks: true)
        let copy = try fixture.session("b", hasPack: false)
        // As an import leaves it that is killed between the two.
        let folder = copy.library.packsDirectory + "/paper-doll"
        try FileManager.default.copyItem(atPath: bundle + "/packs/paper-doll", toPath: folder)
        #expect(try copy.importing(bundle)[0].packs == ["paper-doll"])
        #expect(try copy.library.contents() == source.library.contents())
        #expect(try copy.library.defaultPack()?.name == "paper-doll")
    }

    @Test func anotherPacksFolderIsNotTakenForOurOwn() throws {
        let fixture = try BundleFixture()
        let samples = LibraryFixture.samples + "/packs/paper-doll"
        for name in ["pack.json", "generator.safetensors"] {
            let session = try fixture.session(name, hasPack: false)
            let folder = session.library.packsDirectory + "/paper-doll"
            try FileManager.default.copyItem(atPath: samples, toPath: folder)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
            let error = #expect(throws: RequestError.self) { try session.addPack(from: samples) }
            #expect(error?.description.contains("another pack named \"paper-doll\"") == true)
            #expect(FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test func aLongNameOfAPackGetsANumber() throws {
        let fixture = try BundleFixture()
        let figure = "\u{1F9CD}"
        let name = String(repeating: figure, count: ClipName.byteLimit / figure.utf8.count)
        let source = try fixture.session("a", hasPack: false)
        try source.addPack(from: LibraryFixture.samples + "/packs/paper-doll", name: name)
        _ = try source.library.commit([try BundleFixture.clip(0)])
        let bundle = try fixture.export(source, "all.vsdbundle", withPacks: true)
        let copy = try fixture.session("b", hasPack: false)
        try copy.addPack(from: try fixture.otherPack(), name: name)
        let report = try copy.importing(bundle)[0]
        let found = try #require(report.packs.first)
        #expect(found.hasSuffix(figure + "-2") && found.hasPrefix(name.dropLast(3)))
        #expect(report.renamed.map { [$0.kind, $0.old, $0.new] } == [["pack", name, found]])
        #expect(try copy.library.packs().count == 2)
    }

    @Test func aDryRunOfSeveralBundlesCountsAClipOnce() throws {
        let fixture = try BundleFixture()
        let bundle = try fixture.export(try fixture.filled("a", 0..<5), "all.vsdbundle")
        let copy = try fixture.session("b")
        let plan = try copy.importing(bundle, bundle, dryRun: true)
        #expect(plan.map(\.added) == [5, 0] && plan.map(\.known) == [0, 5])
        #expect(plan.map(\.compositions) == [["swap"], []])
        #expect(plan.map(\.knownCompositions) == [0, 1])
        #expect(try copy.library.clips().isEmpty)
    }

    @Test func aClipThatComesFromElsewhereMeanwhileGetsItsTags() throws {
        let fixture = try BundleFixture()
        let bundle = try fixture.export(try fixture.filled("a", 0..<1), "all.vsdbundle")
        let copy = try fixture.session("b")
        var same = try BundleFixture.clip(0)
        same.tags = ["mine"]
        let (isWaiting, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let other = try Library.open(at: copy.library.path)
        let committed = try other.commit([same]) { step in
            guard step == .catalogLocked else { return }
            Thread.detachNewThread {
                try? copy.importBundles(
                    [bundle],
                    onProgress: { if $0.step == .adding { isWaiting.signal() } },
                    onReport: { _ in }
                )
                isDone.signal()
            }
            #expect(isWaiting.wait(timeout: .now() + 60) == .success)
            // It looks its clip up and then waits for the lock. If it is slow, it finds the clip: also well.
            Thread.sleep(forTimeInterval: 0.3)
        }
        #expect(isDone.wait(timeout: .now() + 60) == .success)
        #expect(try copy.library.clip(committed[0].id).tags == ["even", "mine", "\u{E4}"])
    }

    @Test func aBundleMayHaveTheLongestName() throws {
        let fixture = try BundleFixture()
        let name = String(repeating: "a", count: 255)
        let bundle = try fixture.export(try fixture.filled("a", 0..<1), name)
        #expect(try fixture.session("b").importing(bundle)[0].added == 1)
    }

    @Test func whatIsNotWholeStaysBehindAndIsSaid() throws {
        let fixture = try BundleFixture()
        let session = try fixture.filled("a", 0..<3)
        var request = ExportRequest(output: fixture.path("one.vsdbundle"))
        request.references = ["clip-0"]
        let report = try session.export(request)
        #expect((report.clips, report.compositions, report.collections) == (1, [], []))
        #expect(report.leftOut.map(\.name) == ["swap", "reel"])
        #expect(report.leftOut[0].reason == "1 of its 2 clips is not in the bundle")
        let again = #expect(throws: StoreError.self) { try session.export(request) }
        #expect(again?.kind == .alreadyExists)
    }

    @Test func anExportIsOfOneMoment() throws {
        let fixture = try BundleFixture()
        let session = try fixture.filled("a", 0..<4)
        let library = session.library
        let gone = try library.resolve("clip-3").clip.id
        let found = try library.atOneMoment { snapshot in
            let numbers = try snapshot.clipNumbers(named: [], or: [ClipFilter()])
            // Another process removes a clip and its tensors meanwhile.
            _ = try Library.open(at: library.path).remove([gone], force: true)
            _ = try Library.open(at: library.path).collectGarbage()
            let clips = try snapshot.clips(numbers)
            for asset in clips.flatMap(\.assets) { _ = try snapshot.tensor(asset) }
            return clips.map(\.clip.name)
        }
        #expect(found == ["clip-0", "clip-1", "clip-2", "clip-3"])
        #expect(try library.clips().count == 3)
    }
}
