import Testing

@testable import Dolls

@Suite struct WorldTests {
    static let world = World(seed: 1, split: .test)

    @Test(arguments: [0, 7, 40])
    func sameNumbersGiveSamePixels(index: Int) {
        func picture() -> [UInt8] {
            let world = World(seed: 1, split: .test)
            return Drawing().draw(world.figure(index), Pose(world.motion(index), at: 0.37))
        }
        #expect(picture() == picture())
    }

    @Test func canvasIsUsedAgainWithoutTraces() {
        let (drawing, world) = (Drawing(), Self.world)
        let pose = Pose(world.motion(3), at: 0.2)
        let first = drawing.draw(world.figure(3), pose)
        _ = drawing.draw(world.figure(4), Pose(world.motion(4), at: 0.9))
        #expect(drawing.draw(world.figure(3), pose) == first)
    }

    @Test func anotherSeedGivesOthers() {
        #expect(World(seed: 2, split: .test).figure(0) != Self.world.figure(0))
        #expect(World(seed: 2, split: .test).motion(0) != Self.world.motion(0))
    }

    @Test func splitsShareNoFigureAndNoMotion() {
        let worlds = World.Split.allCases.map { World(seed: 1, split: $0) }
        let figures = worlds.flatMap { world in (0..<2_000).map(world.figure) }
        let motions = worlds.flatMap { world in (0..<2_000).map(world.motion) }
        #expect(Set(figures).count == figures.count)
        #expect(Set(motions).count == motions.count)
    }

    @Test func allChoicesOccur() {
        let figures = (0..<2_000).map(Self.world.figure)
        #expect(Set(figures.map(\.hair)) == Set(Figure.Hair.allCases))
        #expect(Set(figures.map(\.hairColor)) == Set(HairColor.allCases))
        #expect(Set(figures.map(\.topColor)) == Set(ClothColor.allCases))
        #expect(Set(figures.map(\.bottom)) == Set(Figure.Bottom.allCases))
        #expect(Set(figures.map(\.sleeve)) == Set(Figure.Sleeve.allCases))
        let motions = (0..<2_000).map(Self.world.motion)
        #expect(Set(motions.map(\.kinds.rightArm)) == Set(Motion.Arm.allCases))
        #expect(Set(motions.map(\.kinds.legs)) == Set(Motion.Legs.allCases))
    }

    @Test func figuresStayInsideThePicture() {
        for index in 0..<2_000 {
            let (figure, motion) = (Self.world.figure(index), Self.world.motion(index))
            let joints = Skeleton(figure, Pose(motion, at: Double(index % 50) / 50)).joints
            // A hand has a radius of up to 4 pixels.
            #expect(joints.allSatisfy { (4...124).contains($0.x) && (4...120).contains($0.y) })
        }
    }

    @Test func motionsAreSmooth() {
        for index in 0..<500 {
            let motion = Self.world.motion(index)
            for frame in 0..<50 {
                let now = Pose(motion, at: Double(frame) / 50).numbers
                let next = Pose(motion, at: Double(frame + 1) / 50).numbers
                // The fastest arm sweeps 2.4 radians at one cycle a unit: 2.4 * pi / 50 = 0.15 a frame.
                let steps = zip(now, next).enumerated().filter { ![1, 6, 17].contains($0.offset) }
                #expect(steps.allSatisfy { abs($0.element.0 - $0.element.1) < 0.2 })
            }
        }
    }
}
