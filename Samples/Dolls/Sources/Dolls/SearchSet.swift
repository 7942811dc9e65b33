/// Films of which it is known who moves alike and who is who, to measure search by.
///
/// Four parts:
/// * `classes`: one part of the body moves and the others are still; performances of a class differ in figure, rate,
///   phase and amplitude;
/// * `motions`: the same motion, number for number, by several figures;
/// * `figures`: the same figure in several motions;
/// * `combined`: whole motions as a world draws them, each part of the body doing something of its own, each by another
///   figure.
public struct SearchSet: Sendable {
    /// One film.
    public struct Performance: Sendable {
        /// Which part of the set it belongs to.
        public var part: String
        /// The name of what it does: of a class, or of a motion.
        public var label: String
        /// Who does it.
        public var figure: Int
        /// What is done.
        public var motion: Motion
    }

    /// Frames of a film: 2 seconds.
    public static let frames = 50

    /// What a class lets the parts do; what it does not name is still.
    static let classes: [(name: String, change: @Sendable (inout Motion.Kinds) -> Void)] = [
        ("still", { _ in }),
        ("raise", { $0.rightArm = .raise }),
        ("wave", { $0.rightArm = .wave }),
        ("hip", { $0.rightArm = .hip }),
        ("curl", { $0.rightArm = .curl }),
        ("spread", { $0.rightArm = .spread }),
        ("swing", { $0.rightArm = .swing }),
        ("walk", { $0.legs = .walk }),
        ("step", { $0.legs = .step }),
        ("wide", { $0.legs = .wide }),
        ("knee", { $0.legs = .knee }),
        ("sway", { $0.torso = .sway }),
        ("torso-turn", { $0.torso = .turn }),
        ("nod", { $0.head = .nod }),
        ("head-turn", { $0.head = .turn }),
        ("tilt", { $0.head = .tilt }),
    ]

    /// The world.
    public let world: World
    /// Performances of a class, of a motion and of a figure.
    public let performances: Int
    /// Motions that several figures do, and figures that do several motions.
    public let repeated: Int
    /// Films of combined motions.
    public let combined: Int

    /// Names a set.
    public init(_ world: World, performances: Int, repeated: Int, combined: Int) {
        (self.world, self.performances) = (world, performances)
        (self.repeated, self.combined) = (repeated, combined)
    }

    /// Its films, in order.
    public var films: [Performance] {
        var films: [Performance] = []
        // No figure or motion is in two parts, but for what a part is about.
        var (figure, number) = (0, 0)
        func add(_ part: String, _ label: String, _ figure: Int, _ motion: Motion) {
            films.append(Performance(part: part, label: label, figure: figure, motion: motion))
        }
        for kind in Self.classes {
            for _ in 0..<performances {
                var kinds = Motion.Kinds()
                kind.change(&kinds)
                add("classes", kind.name, figure, world.motion(number, of: kinds))
                figure += 1
                number += 1
            }
        }
        for motion in 0..<repeated {
            for _ in 0..<performances {
                add("motions", "motion\(motion)", figure, world.motion(motion))
                figure += 1
            }
        }
        number = repeated
        for _ in 0..<repeated {
            for _ in 0..<performances {
                add("figures", "figure\(figure)", figure, world.motion(number))
                number += 1
            }
            figure += 1
        }
        for _ in 0..<combined {
            add("combined", "motion\(number)", figure, world.motion(number))
            figure += 1
            number += 1
        }
        return films
    }
}
