import Pipelines
import Testing

/// From flags to frames.
struct TimingTests {
    private func times(
        _ edit: (inout CompositionRequest.Timing) -> Void
    ) throws -> Recipe.Times {
        var timing = CompositionRequest.Timing()
        edit(&timing)
        return try timing.times(motionSeconds: 2, defaultRate: 25)
    }

    private func seconds(_ times: Recipe.Times) -> [Double] {
        (0..<times.frameCount).map { times.second($0) }
    }

    @Test func theWholeMotionAtThePacksRateIfNothingIsSaid() throws {
        let times = try times { _ in }
        #expect(times.start == 0 && times.frameRate == 25 && times.frameCount == 50)
    }

    @Test func anotherRateKeepsTheDuration() throws {
        #expect(try times { $0.frameRate = 60 }.frameCount == 120)
    }

    @Test func endAndDurationAgree() throws {
        let end = try times { ($0.start, $0.end) = (0.5, 1.5) }
        let duration = try times { ($0.start, $0.duration) = (0.5, 1) }
        #expect(end == duration && end.frameCount == 25)
    }

    @Test func framesWinOverDuration() throws {
        #expect(seconds(try times { $0.frameCount = 3 }) == [0, 1.0 / 25, 2.0 / 25])
    }

    @Test func sharedTimesOfTwoRatesAreTheSameNumbers() throws {
        let slow = seconds(try times { $0.frameRate = 24 })
        let fast = seconds(try times { $0.frameRate = 48 })
        #expect(slow == stride(from: 0, to: fast.count, by: 2).map { fast[$0] })
    }

    @Test func impossibleTimesAreRefused() {
        let edits: [(inout CompositionRequest.Timing) -> Void] = [
            { $0.frameRate = 0 }, { $0.frameRate = .infinity }, { $0.start = .nan },
            { $0.duration = -1 }, { $0.end = 0 }, { $0.frameCount = 0 },
            { ($0.end, $0.duration) = (1, 1) }, { $0.start = 3 }, { $0.duration = 1e12 },
        ]
        for edit in edits { #expect(throws: RequestError.self) { try times(edit) } }
    }
}
