import Foundation
import Kernels
import Media
import Pipelines
import Store
import Tensors
import Testing

/// What composing and rendering keeps true, on the sample pack.
@Suite(.serialized)
struct RenderTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture.get() }

    private func bytes(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    @Test func aSavedCompositionRendersTheSameBytesAgain() throws {
        let recipe = try fixture.session.compose(fixture.request()).recipe
        try fixture.session.save(recipe, as: "again-\(UUID().uuidString)")
        let saved = try #require(try fixture.session.library.compositions().last)
        let same = try fixture.session.recipe(saved.name)
        #expect(same == recipe)
        var films: [Data] = []
        for recipe in [recipe, same] {
            var options = RenderOptions()
            options.output = try fixture.path("film.mp4")
            _ = try fixture.session.render(recipe, options)
            films.append(try bytes(options.output ?? ""))
        }
        #expect(films[0] == films[1])
    }

    @Test func twoRatesAgreeAtSharedTimes() throws {
        var slow = fixture.request()
        (slow.timing.frameRate, slow.timing.frameCount, slow.timing.duration) = (24, nil, 0.5)
        var fast = slow
        fast.timing.frameRate = 48
        let (few, many) = (try fixture.frames(slow), try fixture.frames(fast))
        #expect(few.count == 12 && many.count == 24)
        for index in few.indices { #expect(few[index] == many[2 * index], "frame \(index)") }
    }

    @Test func aLaterStartShowsTheSameMoments() throws {
        var whole = fixture.request(frames: 8)
        whole.timing.frameRate = 8
        var part = whole
        (part.timing.start, part.timing.frameCount) = (0.5, 4)
        let (all, later) = (try fixture.frames(whole), try fixture.frames(part))
        // Steps beyond the last shown time are not taken, those before it are the same.
        for index in later.indices { #expect(later[index] == all[index + 4], "frame \(index)") }
    }

    @Test func alphaZeroChangesNothing() throws {
        var edited = fixture.request()
        edited.edits = [StyleEdit(from: "a brown top", to: "a pink top", alpha: 0)]
        #expect(try fixture.frames(edited) == (try fixture.frames(fixture.request())))
    }

    @Test func aTextEditChangesThePicture() throws {
        var edited = fixture.request(frames: 1)
        edited.edits = [
            StyleEdit(
                from: "a photo of a woman with curly brown hair wearing a brown top",
                to: "a photo of a woman with curly brown hair wearing a pink top"
            )
        ]
        #expect(try fixture.frames(edited) != (try fixture.frames(fixture.request(frames: 1))))
    }

    @Test func aMaskOfOnesIsTheOtherMotionAndMixesMeetTheirEnds() throws {
        var own = fixture.request()
        own.motion = nil
        let (ownFrames, otherFrames) = (
            try fixture.frames(own), try fixture.frames(fixture.request())
        )
        var masked = own
        masked.blends = [.init(reference: "figure01_motion13", masks: ["all"])]
        #expect(try fixture.frames(masked) == otherFrames)
        for (weight, expected) in [(0.0, ownFrames), (1.0, otherFrames)] {
            var mixed = own
            mixed.mixes = [.init(reference: "figure01_motion13", weight: weight)]
            #expect(try fixture.frames(mixed) == expected, "weight \(weight)")
        }
    }

    @Test func aMaskedRegionMovesMoreThanTheRest() throws {
        var own = fixture.request(frames: 4)
        own.motion = nil
        let before = try fixture.frames(own)
        func difference(_ after: [RGBImage], _ rows: Range<Int>) -> Double {
            var sum = 0
            for (one, other) in zip(before, after) {
                for index in rows.lowerBound * 128 * 3..<rows.upperBound * 128 * 3 {
                    sum += abs(Int(one.pixels[index]) - Int(other.pixels[index]))
                }
            }
            return Double(sum) / Double(before.count * rows.count * 128 * 3)
        }
        // She lifts her knees and waves.
        let lively = LibraryFixture.samples + "/clips/figure06_motion18.mp4"
        _ = try fixture.session.ingest(IngestRequest(inputs: [lively]))
        // The figure stands upright: arms above row 68, legs below row 72.
        for (masks, isLower) in [(["legs"], true), (["right-arm", "left-arm"], false)] {
            var masked = own
            masked.blends = [.init(reference: "figure06_motion18", masks: masks)]
            let after = try fixture.frames(masked)
            let (upper, lower) = (difference(after, 8..<68), difference(after, 72..<124))
            #expect(isLower ? lower > upper : upper > lower, "\(masks): \(upper), \(lower)")
        }
    }

    @Test func aMotionFromALaterSecondBeginsThere() throws {
        var whole = fixture.request(frames: 8)
        whole.timing.frameRate = 8
        var part = fixture.request(frames: 1)
        part.motion = "figure01_motion13@0.5s-1.5s"
        let (all, later) = (try fixture.frames(whole), try fixture.frames(part))
        // Two solves take other steps: within the tolerance of 1e-3 frames differ by little.
        let difference = zip(all[4].pixels, later[0].pixels).map { abs(Int($0) - Int($1)) }
        #expect(difference.reduce(0, +) / difference.count < 2)
    }

    @Test func extrapolationIsSaidInBothDirections() throws {
        var beyond = fixture.request(frames: 4)
        (beyond.timing.start, beyond.timing.frameRate) = (1.5, 2)
        let composed = try fixture.session.compose(beyond)
        #expect(composed.notes.contains { $0.contains("extrapolates") })
        var before = fixture.request(frames: 4)
        before.timing.start = -0.5
        #expect(try fixture.session.compose(before).notes.contains { $0.contains("extrapolates") })
        #expect(try fixture.frames(before).count == 4)
    }

    @Test func aPreviewIsSmall() throws {
        let preview = try fixture.frames(fixture.request(frames: 1), rows: 32)
        #expect(preview.first?.width == 32 && preview.first?.height == 32)
    }

    @Test func anImageServesAsContentAndHasNoMotion() throws {
        let reader = try VideoReader(path: LibraryFixture.first)
        let path = try fixture.path("portrait.png")
        try StillImage.write(try #require(try reader.next()).image, to: path)
        var request = fixture.request()
        request.content = path
        let composed = try fixture.session.compose(request)
        #expect(composed.notes.contains { $0.contains("ingested as portrait") })
        #expect(try fixture.frames(request).count == 4)
        request.motion = nil
        let error = #expect(throws: RequestError.self) { try fixture.session.compose(request) }
        #expect(error?.description.contains("has no motion") == true)
    }

    @Test func aSheetShowsContentMotionAndResult() throws {
        var options = RenderOptions()
        options.sheet = try fixture.path("sheet.png")
        _ = try fixture.session.render(
            try fixture.session.compose(fixture.request()).recipe,
            options
        )
        let sheet = try StillImage.read(options.sheet ?? "")
        #expect(sheet.height > 3 * 128 && sheet.width > 4 * 128)
    }

    @Test func precisionFollowsTheProcessorAndThePack() throws {
        let recipe = try fixture.session.compose(fixture.request(frames: 1)).recipe
        var options = RenderOptions()
        options.output = try fixture.path("film.mkv")
        let report = try fixture.session.render(recipe, options)
        let isNative = Precision.bfloat16.isNative
        #expect(report.precision == (isNative ? .bfloat16 : .float32))
        #expect(report.precisionReason.contains(isNative ? "60.9 dB" : "AVX512-BF16"))
        options.precision = .float32
        let asked = try fixture.session.render(recipe, options)
        #expect(asked.precision == .float32 && asked.precisionReason == "as asked")
        #expect(asked.profile == nil)
    }

    /// What a user sees of bfloat16: less than an 8-bit picture's own rounding, about 59 dB.
    @Test(.enabled(if: Precision.bfloat16.isNative)) func bfloat16PicturesAreNearTheExactOnes()
        throws
    {
        let request = fixture.request()
        let exact = try fixture.frames(request, .float32)
        let near = try fixture.frames(request, .bfloat16)
        #expect(near != exact)
        for (a, b) in zip(exact, near) {
            let squares = zip(a.pixels, b.pixels).reduce(0.0) { sum, pair in
                let difference = Double(pair.0) - Double(pair.1)
                return sum + difference * difference
            }
            let psnr = 10 * log10(255 * 255 * Double(a.pixels.count) / squares)
            #expect(psnr > 50)
        }
    }

    @Test func aProfileAccountsForTheWholeRender() throws {
        let recipe = try fixture.session.compose(fixture.request(frames: 9)).recipe
        var options = RenderOptions()
        options.output = try fixture.path("film.mkv")
        options.isProfiled = true
        let report = try fixture.session.render(recipe, options)
        let rows = try #require(report.profile)
        let layers = rows.filter { $0.name.hasPrefix("generator ") }
        let stages = rows.filter { !$0.name.hasPrefix("generator ") }
        #expect(stages.count == 6)
        #expect(layers.count == 16, "eleven convolutions, six pictures; the last two are one")
        func sum(_ rows: [ProfileRow]) -> Double { rows.reduce(0) { $0 + $1.milliseconds } }
        #expect(sum(stages) <= report.renderMilliseconds)
        // What lies between the stages: opening the film, reading the catalogue.
        #expect(sum(stages) > 0.5 * report.renderMilliseconds)
        let generator = try #require(stages.first { $0.name == "generator" })
        #expect(sum(layers) <= generator.milliseconds)
        #expect(generator.calls == 2, "the first frame alone, then eight")
        // 256 to 256 channels on 4x4 pixels, 9 taps, a product and a sum, nine frames.
        let first = try #require(layers.first)
        let operations = Double(256 * 256 * 16 * 18) * 9
        let gigaflops = try #require(first.gigaflops)
        #expect(abs(gigaflops * first.milliseconds * 1e6 / operations - 1) < 1e-6)
    }

    @Test func cancellingLeavesNoFile() throws {
        let cancellation = Cancellation()
        var options = RenderOptions()
        options.output = try fixture.path("film.mp4")
        let recipe = try fixture.session.compose(fixture.request(frames: 64)).recipe
        #expect(throws: InterruptedError.self) {
            try fixture.session.render(recipe, options, cancellation: cancellation) { _ in
                cancellation.cancel()
            }
        }
        let folder = URL(fileURLWithPath: options.output ?? "").deletingLastPathComponent().path
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func aFolderThatDoesNotExistIsAnError() throws {
        var options = RenderOptions()
        options.output = fixture.root + "/nowhere/film.mp4"
        let recipe = try fixture.session.compose(fixture.request()).recipe
        #expect(throws: MediaError.self) { try fixture.session.render(recipe, options) }
    }

    @Test func aRecipeOfARemovedClipSaysWhichIsMissing() throws {
        var recipe = try fixture.session.compose(fixture.request()).recipe
        recipe.motion.clip.id = String(repeating: "ab", count: 32)
        var options = RenderOptions()
        options.output = try fixture.path("film.mp4")
        let error = #expect(throws: StoreError.self) {
            try fixture.session.render(recipe, options)
        }
        #expect(error?.kind == .unknownReference)
        #expect(error?.description.contains("figure01_motion13") == true)
    }

    @Test func aMaskOfAnotherGridIsRefused() throws {
        var request = fixture.request()
        request.blends = [.init(reference: "figure01_motion13", masks: ["legs"])]
        var recipe = try fixture.session.compose(request).recipe
        recipe.layers[0].mask = [[1, 1], [1, 1]]
        var options = RenderOptions()
        options.output = try fixture.path("film.mp4")
        #expect(throws: RenderError.self) { try fixture.session.render(recipe, options) }
    }

    @Test func aLongSolveCanBeStopped() throws {
        var recipe = try fixture.session.compose(fixture.request(frames: 1)).recipe
        recipe.times.start = 80_000
        let cancellation = Cancellation()
        cancellation.cancel()
        var options = RenderOptions()
        options.output = try fixture.path("film.mp4")
        #expect(throws: InterruptedError.self) {
            try fixture.session.render(recipe, options, cancellation: cancellation)
        }
    }
}
