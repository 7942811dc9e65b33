import Testing

@testable import Dolls

/// What captions, joints and mixed poses say is what the pixels show.
@Suite struct TruthTests {
    static let world = World(seed: 1, split: .test)
    static let standing = Pose(restingMotion, at: 0)

    /// A motion that keeps still, arms a little away from the body.
    static var restingMotion: Motion {
        var index = 0
        while true {
            let motion = world.motion(index)
            if motion.kinds == Motion.Kinds() {
                return motion
            }
            index += 1
        }
    }

    /// The colour of a pixel.
    func color(_ picture: [UInt8], _ point: Point) -> Color {
        let place = 3 * (Int(point.y) * 128 + Int(point.x))
        let channels = picture[place..<place + 3].map { Double($0) / 255 }
        return Color(channels[0], channels[1], channels[2])
    }

    /// Whether a colour is a paint in light or shade: the hue stays, the brightness goes from 0.7 to 1.1.
    func isPaint(_ color: Color, _ paint: Color) -> Bool {
        stride(from: 0.7, to: 1.1, by: 0.04).contains { shade in
            zip(color.channels, paint.shaded(shade).channels).allSatisfy { abs($0 - $1) < 0.06 }
        }
    }

    func distance(_ a: Point, _ b: Point) -> Double {
        ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
    }

    @Test func handsAreWhereTheJointsSay() {
        let drawing = Drawing()
        var checked = 0
        for index in 0..<300 {
            let (figure, pose) = (Self.world.figure(index), Pose(Self.world.motion(index), at: 0.4))
            let skeleton = Skeleton(figure, pose)
            let picture = drawing.draw(figure, pose)
            // Nothing is drawn over the left arm but the head, and the palm is bare in every sleeve, unless the
            // fore-arm is foreshortened.
            let (hand, elbow) = (skeleton.arms[1].hand, skeleton.arms[1].elbow)
            if distance(hand, skeleton.head) < 22 || distance(hand, elbow) < 14 { continue }
            checked += 1
            let palm = elbow.toward(hand, 1.12)
            #expect(isPaint(color(picture, palm), figure.paint.skin), "figure \(index)")
        }
        #expect(checked > 150)
    }

    @Test func captionsTellTheTruth() {
        let drawing = Drawing()
        for index in 0..<300 {
            let figure = Self.world.figure(index)
            let skeleton = Skeleton(figure, Self.standing)
            let picture = drawing.draw(figure, Self.standing)
            let words = figure.caption
            // A named paint is near the named colour, and is what the chest shows.
            for (paint, named) in [
                (figure.paint.top, figure.topColor.color),
                (figure.paint.bottom, figure.bottomColor.color),
            ] {
                #expect(zip(paint.channels, named.channels).allSatisfy { abs($0 - $1) <= 0.031 })
            }
            let chest = skeleton.hip + skeleton.up * (skeleton.torsoLength * 0.62)
            #expect(isPaint(color(picture, chest), figure.paint.top), "\(index): \(words)")
            #expect(words.contains(" \(figure.topColor) "))
            // The left fore-arm is bare unless sleeves are long.
            let forearm = skeleton.arms[1].elbow.toward(skeleton.arms[1].hand, 0.5)
            let isCovered = isPaint(color(picture, forearm), figure.paint.top.shaded(0.96))
            let isBare = isPaint(color(picture, forearm), figure.paint.skin.shaded(0.97))
            #expect(words.contains("long-sleeved") ? isCovered : isBare, "\(index): \(words)")
            // Below the knee only pants cover the leg.
            let shin = skeleton.legs[1].knee.toward(skeleton.legs[1].foot, 0.5)
            let cloth = isPaint(color(picture, shin), figure.paint.bottom.shaded(0.97))
            let skin = isPaint(color(picture, shin), figure.paint.skin.shaded(0.97))
            #expect(words.contains("pants") ? cloth : skin, "\(index): \(words)")
        }
    }

    @Test func mixedPosesTakeNamedPartsOnly() {
        let (a, b) = (Pose(Self.world.motion(1), at: 0.3), Pose(Self.world.motion(2), at: 0.3))
        let mixed = a.taking([.rightArm], from: b)
        for index in a.numbers.indices {
            let source = Pose.Part.rightArm.range.contains(index) ? b : a
            #expect(mixed.numbers[index] == source.numbers[index])
        }
        let figure = Self.world.figure(1)
        let joints = Skeleton(figure, mixed).joints
        let own = Skeleton(figure, a).joints
        let moved = joints.indices.filter { joints[$0] != own[$0] }
        #expect(moved.map { Skeleton.jointNames[$0] } == ["rightElbow", "rightHand"])
    }

    @Test func editsChangeOneAttribute() {
        for index in 0..<500 {
            let figure = Self.world.figure(index)
            let (edited, attribute) = Self.world.edit(of: figure, index)
            #expect(edited.caption != figure.caption)
            #expect(edited.body == figure.body && edited.paint.skin == figure.paint.skin)
            #expect((edited.hair != figure.hair) == (attribute == .hair))
            #expect((edited.sleeve != figure.sleeve) == (attribute == .sleeve))
            #expect((edited.topColor != figure.topColor) == (attribute == .topColor))
        }
    }

    @Test func partsCoverThePose() {
        let covered = Pose.Part.allCases.flatMap(\.range).sorted()
        #expect(covered == Array(Pose.names.indices))
    }

    @Test func groupsSayWhatTheyShow() {
        let group = TrainingGroup(Self.world, 3)
        let drawing = Drawing()
        let size = drawing.byteCount
        var bytes = [UInt8](repeating: 0, count: TrainingGroup.frameCount * size)
        bytes.withUnsafeMutableBytes { group.draw(drawing, into: $0) }
        let times = group.description[104..<164].map { Int($0) }
        let (figure, motion) = (Self.world.figure(6), Self.world.motion(7))
        // Frame 33 is A doing b at the time that the group states.
        let expected = drawing.draw(figure, Pose(motion, at: Double(times[33]) / 50))
        #expect(Array(bytes[33 * size..<34 * size]) == expected)
        // And shares its pose with an observed frame of b.
        let observed = Int(group.description[164 + 1])
        #expect(times[33] == times[16 + observed])
        #expect(times[0] == 0 && times[16] == 0)
    }
}
