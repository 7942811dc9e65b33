import Foundation
import Pipelines
import Testing

/// Cutting a timeline into clips and choosing the frames to look at.
struct ClipPlanTests {
    private func frames(_ count: Int, rate: Double = 25) -> [Double] {
        (0..<count).map { Double($0) / rate }
    }

    private func clips(_ count: Int, piece: Double?) -> [ClipPlan] {
        ClipPlan.clips(
            times: frames(count),
            end: Double(count) / 25,
            range: 0..<Double.infinity,
            pieceSeconds: piece,
            observedCount: 12
        )
    }

    @Test func observedFramesAreThoseOfTheReference() throws {
        let plan = try #require(clips(50, piece: 2).first)
        let numbers = plan.observed.map { Int(($0 * 25).rounded()) }
        #expect(numbers == [0, 4, 9, 13, 18, 22, 27, 31, 36, 40, 45, 49])
        #expect(plan.start == 0 && plan.end == 2 && !plan.isSegment)
    }

    @Test(arguments: [1, 2, 3, 49, 50, 51, 74, 75, 76, 100, 251, 999])
    func piecesCoverTheFilmWithoutScraps(count: Int) {
        let plans = clips(count, piece: 2)
        #expect(plans.first?.start == 0)
        #expect(abs((plans.last?.end ?? 0) - Double(count) / 25) < 1e-9)
        for (earlier, later) in zip(plans, plans.dropFirst()) {
            #expect(earlier.end == later.start)
        }
        for plan in plans {
            #expect(plan.observed.count <= 12)
            #expect(plan.observed == plan.observed.sorted())
            #expect(Set(plan.observed).count == plan.observed.count)
            #expect(plans.count == 1 || plan.end - plan.start > 0.2, "a scrap")
            #expect(plan.isSegment == (plans.count > 1))
        }
    }

    @Test func oneFrameHasNoMotion() throws {
        let plan = try #require(clips(1, piece: 2).first)
        #expect(plan.observed == [0] && !plan.hasMotion)
    }

    @Test func withoutPiecesThereIsOneClip() {
        #expect(clips(15_000, piece: nil).count == 1)
        #expect(clips(15_000, piece: nil).first?.observed.count == 12)
    }

    @Test func aRangeKeepsItsFramesOnly() throws {
        let plans = ClipPlan.clips(
            times: frames(250),
            end: 10,
            range: 2..<4,
            pieceSeconds: 2,
            observedCount: 12
        )
        let plan = try #require(plans.first)
        #expect(plans.count == 1 && plan.start == 2 && plan.end == 4)
        #expect(plan.observed.first == 2 && (plan.observed.last ?? 0) < 4)
    }

    @Test func variableFrameRatesAreChosenByTime() throws {
        // A second at 10 frames, then one at 50: even numbers would look at the second half only.
        let times = (0..<10).map { Double($0) / 10 } + (0..<50).map { 1 + Double($0) / 50 }
        let plans = ClipPlan.clips(
            times: times,
            end: 2,
            range: 0..<Double.infinity,
            pieceSeconds: 2,
            observedCount: 12
        )
        let observed = try #require(plans.first).observed
        #expect(observed.count { $0 < 1 } == 6)
    }
}
