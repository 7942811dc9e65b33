import Testing

@testable import Dolls

/// What packs are measured by.
@Suite struct EvaluationSetTests {
    static let set = EvaluationSet(World(seed: 1, split: .test), figures: 12, motions: 5)

    @Test func everyClipHasAPartnerOfAnotherMotion() {
        for clip in 0..<12 {
            #expect(Self.set.partner(clip) != clip)
            #expect(Self.set.motion(clip) != Self.set.motion(Self.set.partner(clip)) || clip == 11)
        }
    }

    @Test func editsAreAmongTheirCandidatesAndChangeOneValue() {
        for clip in 0..<12 {
            let figure = Self.set.world.figure(clip)
            for attribute in figure.editable {
                let edit = Self.set.edit(clip, attribute)
                #expect(edit.candidates.filter { $0 == edit.target }.count == 1)
                #expect(edit.candidates.first == figure && edit.target != figure)
                // Captions tell all candidates apart, or no judge could.
                #expect(Set(edit.candidates.map(\.caption)).count == edit.candidates.count)
                for other in figure.editable where other != attribute {
                    #expect(edit.target.value(of: other) == figure.value(of: other))
                }
            }
        }
    }

    @Test func threeToFiveFramesAreSparse() {
        let counts = (0..<60).map { clip in
            let frames = Self.set.sparseFrames(clip)
            #expect(frames.first == 0 && frames == frames.sorted())
            #expect(Set(frames).count == frames.count && frames.allSatisfy { $0 < 50 })
            return frames.count
        }
        #expect(Set(counts) == [3, 4, 5])
    }

    @Test func theBackgroundIsThePictureWithoutItsFigure() {
        let (drawing, set) = (Drawing(), Self.set)
        let (figure, pose) = (set.world.figure(3), set.pose(3, 7))
        let picture = drawing.draw(figure, pose)
        let background = drawing.drawBackground(of: figure, pose)
        // Corners show no figure, the hip does.
        for corner in [0, 127, 128 * 127, 128 * 128 - 1] {
            #expect(picture[3 * corner] == background[3 * corner])
        }
        let hip = Skeleton(figure, pose).joints[2]
        let place = 3 * (Int(hip.y) * 128 + Int(hip.x))
        #expect(picture[place..<place + 3] != background[place..<place + 3])
        // It does not follow the pose.
        #expect(background == drawing.drawBackground(of: figure, set.pose(3, 31)))
    }
}
