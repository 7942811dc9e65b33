import Media
import Packs
import Pipelines
import Store
import Testing

/// Copies of films among other films of the same figures and motions, and among black ones.
@Suite struct DuplicateTests {
    private func names(_ edit: (inout DuplicateRequest) -> Void = { _ in }) throws -> [Set<String>]
    {
        var request = DuplicateRequest()
        edit(&request)
        return try CopiedClips.get().session.duplicates(request).groups.map {
            Set($0.clips.map(\.name))
        }
    }

    @Test func copiesAreFoundAndNothingElse() throws {
        let groups = try names()
        #expect(groups[0] == Set(CopiedClips.copies + ["figure00_motion00"]))
        // Black openings make no two films equal, and a film that is black throughout equals only its like.
        #expect(groups.contains(["black", "black-small"]))
        #expect(groups.contains(["standing", "standing-small"]))
        #expect(groups.count == 3, "\(groups)")
        #expect(try names { $0.isExact = true } == groups)
    }

    @Test func theFullLengthOfTheLargestPictureIsKept() throws {
        let report = try CopiedClips.get().session.duplicates(DuplicateRequest())
        let kept = try #require(report.groups.first).clips[0]
        // Lossless and of the first length; the one that is five frames shorter is as long within a tenth.
        #expect(kept.name == "first-brighter")
        #expect(report.groups[0].leastMotion.map { $0 >= 0.75 } == true)
        #expect(report.groups[0].leastContent.map { $0 >= 0.9 } == true)
        let black = try #require(report.groups.first { $0.clips[0].name.hasPrefix("black") })
        #expect(black.leastMotion == nil, "what stands still has no motion to compare")
        #expect(report.stillCount >= 3)
    }

    @Test func whatStandsStillHasNoMotion() throws {
        for group in try names({ $0.basis = .motion }) {
            #expect(!group.contains { $0.hasPrefix("black") }, "\(group)")
            // The pack sees a slow motion in a figure that stands still: its copy has the same, and nothing else.
            let standing = group.filter { $0.hasPrefix("standing") }
            #expect(standing.isEmpty || standing == group, "\(group)")
        }
    }

    @Test func conditionsChooseWhatIsCompared() throws {
        let groups = try names {
            $0.filter.expression = try? FilterExpression("name in ('first-small', 'first-shorter')")
        }
        #expect(groups == [["first-small", "first-shorter"]])
        var one = DuplicateRequest()
        one.filter.nameContains = "first-small"
        let report = try CopiedClips.get().session.duplicates(one)
        #expect(report.groups.isEmpty && report.clipCount == 1)
        one.filter.nameContains = "nobody"
        #expect(try CopiedClips.get().session.duplicates(one).clipCount == 0)
    }

    @Test func aThresholdIsUsed() throws {
        let strict = try names { $0.threshold = 1 }.joined()
        #expect(!strict.contains("figure00_motion00"), "a copy is not the same to the last bit")
        #expect(throws: RequestError.self) { _ = try names { $0.threshold = 1.5 } }
    }

    @Test func theSheetHasARowForEachClip() throws {
        let session = try CopiedClips.get().session
        let report = try session.duplicates(DuplicateRequest())
        let sheet = try session.sheet(report)
        let rows = report.groups.reduce(0) { $0 + $1.clips.count }
        #expect(sheet.leftOut == 0 && sheet.image.height >= rows * 96)
    }

    @Test func aRequestToStopStops() throws {
        let cancellation = Cancellation()
        cancellation.cancel()
        #expect(throws: InterruptedError.self) {
            _ = try CopiedClips.get().session.duplicates(
                DuplicateRequest(),
                cancellation: cancellation
            )
        }
    }
}
