internal import Foundation
internal import Kernels
internal import Media
internal import Models
internal import Packs
internal import Search
internal import Tensors

/// Search by motion, content and look on performances of which it is known who moves alike and who is who.
extension SampleEvaluation {
    /// What is known of a performance as numbers that can be compared.
    struct PerformanceCodes {
        /// `MotionSummary` of the film, `[h * w, 32]`.
        let motion: Tensor<Float>
        /// `z_d0` cell by cell, `[h * w, C]`.
        let initial: Tensor<Float>
        /// `z_C` as search compares it, `[L, D]`.
        let content: Tensor<Float>
        /// Mean CLIP feature of the observed frames, `[1, E]`.
        let look: Tensor<Float>
        /// Mean absolute difference of neighbouring observed frames, 16x16, `[1, 256]`.
        let change: Tensor<Float>
    }

    /// Finds every performance's like by each method.
    mutating func measureFinding() throws {
        let performances = manifest.performances ?? []
        guard !performances.isEmpty else { return }
        guard renderer.moves else {
            missing.append("search: the pack lacks dynamics or CLIP")
            return
        }
        var codes: [PerformanceCodes] = []
        for (index, performance) in performances.enumerated() {
            try step("performances")
            codes.append(try self.codes(try open(performance.film, "performances.\(index).film")))
        }
        let methods = FindingMethod.ofMotion(codes)
        func places(_ part: String) -> [Int] {
            performances.indices.filter { performances[$0].part == part }
        }
        let (classes, motions) = (places("classes"), places("motions"))
        let (figures, combined) = (places("figures"), places("combined"))
        for method in methods {
            findClasses.add(method, classes) { performances[$0].label }
            findMotions.add(method, motions + combined) { performances[$0].label }
        }
        if let method = methods.first {
            for one in classes {
                findLabels.add(method, [one], classes, named: performances[one].label) {
                    performances[$0].label
                }
            }
        }
        for (name, cells) in renderer.pack.manifest.regions.sorted(by: { $0.key < $1.key }) {
            guard let config = renderer.pack.manifest.dynamics?.config else { continue }
            var mask = [Float](repeating: 0, count: config.gridHeight * config.gridWidth)
            for cell in cells { mask[cell[0] * config.gridWidth + cell[1]] = 1 }
            guard combined.allSatisfy({ performances[$0].motions[name] != nil }) else { continue }
            for method in methods where method.space.layout.groups == mask.count {
                findParts.add(method.masked(mask, name), combined) {
                    performances[$0].motions[name] ?? ""
                }
            }
        }
        for method in FindingMethod.ofAppearance(codes) {
            findFigures.add(method, figures + combined) {
                performances[$0].part == "figures" ? performances[$0].label : "other \($0)"
            }
        }
    }

    private func codes(_ film: SampleFilm) throws -> PerformanceCodes {
        let observed = observedFrames(film, film.seconds.count)
        let frames = try film.frames(observed)
        let images = frames.map(\.image)
        let codes = try renderer.codes(images, at: frames.map(\.second))
        guard let start = codes.dynamics else {
            throw RequestError("performance \"\(film.path)\" has one frame, and no motion")
        }
        let end = film.end(ofWindow: film.seconds.count)
        let cells = start.shape[1] * start.shape[2]
        let look = try ClipEncoder(pack: renderer.pack).lookEmbedding(images)
        return PerformanceCodes(
            motion: try renderer.pack.motionSummary(start, from: 0, to: end, renderer.cancellation),
            initial: Tensor(
                shape: [cells, start.shape[0]],
                scalars: (0..<cells).flatMap { cell in
                    (0..<start.shape[0]).map { Float(start.scalars[$0 * cells + cell]) }
                }
            ),
            content: SearchAspect.summary(ofContent: codes.content),
            look: Tensor(shape: [1, look.count], scalars: look.scalars),
            change: Self.change(images)
        )
    }

    private static func change(_ images: [RGBImage]) -> Tensor<Float> {
        let side = 16
        var sums = [Float](repeating: 0, count: side * side)
        for (one, next) in zip(images, images.dropFirst()) {
            for y in 0..<one.height {
                for x in 0..<one.width {
                    let (a, b) = (one[x, y], next[x, y])
                    let difference =
                        abs(Int(a.x) - Int(b.x)) + abs(Int(a.y) - Int(b.y))
                        + abs(Int(a.z) - Int(b.z))
                    let place = y * side / one.height * side + x * side / one.width
                    sums[place] += Float(difference)
                }
            }
        }
        return Tensor(shape: [1, side * side], scalars: sums)
    }
}

/// A way to compare performances.
struct FindingMethod {
    var name: String
    let space: DescriptorSpace
    let index: DescriptorIndex
    private let summaries: [Tensor<Float>]
    private let energies: [[Float]]?
    private var mask: [Float]?

    /// Describes all performances.
    ///
    /// - Parameters:
    ///   - name: What tables call it.
    ///   - summaries: `[groups, numbers]` of each.
    ///   - parts: Of a group, which are brought to one length each.
    ///   - isCentred: Whether what most have in common is taken away.
    ///   - energies: How much groups count for a query; the same if nil.
    init(
        _ name: String,
        _ summaries: [Tensor<Float>],
        parts: Int = 1,
        isCentred: Bool = true,
        energies: [[Float]]? = nil
    ) {
        let (groups, numbers) = (summaries[0].shape[0], summaries[0].shape[1])
        let places = DescriptorCentre.places(of: summaries.count)
        let centre = isCentred ? DescriptorCentre(of: places.map { summaries[$0] }) : .none
        let space = DescriptorSpace(groups: groups, numbers: numbers, parts: parts, centre: centre)
        let identity = IndexIdentity(
            library: "",
            pack: "",
            descriptor: name,
            layout: space.layout
        )
        let rows = summaries.enumerated().map {
            IndexRow(IndexEntry(asset: Int64($0) + 1), space.descriptor($1))
        }
        index = DescriptorIndex(empty: identity, centre: centre)
            .adding(rows, watermark: Int64(rows.count))
        (self.name, self.space) = (name, space)
        (self.summaries, self.energies) = (summaries, energies)
    }

    /// The same, for a part of the picture.
    func masked(_ mask: [Float], _ part: String) -> FindingMethod {
        var method = self
        (method.mask, method.name) = (mask, "\(part): \(name)")
        return method
    }

    /// The cosines of one performance with others.
    func scores(_ one: Int, _ others: [Int]) -> [Float] {
        let own = energies?[one] ?? [Float](repeating: 1, count: space.layout.groups)
        let weights = mask.map { zip($0, own).map { $0 * $1 } } ?? own
        let query = DescriptorQuery(
            space.descriptor(summaries[one]),
            space.layout,
            weights: weights.contains { $0 > 0 } ? weights : own
        )
        return index.scores(of: others, query)
    }

    /// Search by motion, and what it was chosen from.
    static func ofMotion(_ codes: [SampleEvaluation.PerformanceCodes]) -> [FindingMethod] {
        let motions = codes.map(\.motion)
        let energies = motions.map { MotionSummary.energy($0).map { $0.squareRoot() } }
        let half = MotionSummary.numbers
        func part(_ motion: Tensor<Float>, _ first: Int) -> Tensor<Float> {
            let cells = motion.shape[0]
            return Tensor(
                shape: [cells, half],
                scalars: (0..<cells).flatMap { cell in
                    motion.scalars[cell * 2 * half + first..<cell * 2 * half + first + half]
                }
            )
        }
        return [
            FindingMethod("vsdb similar --by motion", motions, parts: 2, energies: energies),
            FindingMethod("the same, all cells count alike", motions, parts: 2),
            FindingMethod(
                "the same, not centred",
                motions,
                parts: 2,
                isCentred: false,
                energies: energies
            ),
            FindingMethod("deviation of the states only", motions.map { part($0, half) }),
            FindingMethod("mean of the states only", motions.map { part($0, 0) }),
            FindingMethod("z_d0, centred", codes.map(\.initial)),
            FindingMethod("z_d0", codes.map(\.initial), isCentred: false),
            FindingMethod("CLIP of frames, mean", codes.map(\.look), isCentred: false),
            FindingMethod("pixel differences", codes.map(\.change), isCentred: false),
        ]
    }

    /// Search by content and look.
    static func ofAppearance(_ codes: [SampleEvaluation.PerformanceCodes]) -> [FindingMethod] {
        [
            FindingMethod("vsdb similar --by content", codes.map(\.content)),
            FindingMethod("the same, not centred", codes.map(\.content), isCentred: false),
            FindingMethod("vsdb similar --by look", codes.map(\.look), isCentred: false),
            FindingMethod("vsdb similar --by motion", codes.map(\.motion), parts: 2),
        ]
    }
}

extension ScoreTable {
    /// Counts how well each performance finds those with its label among the others.
    ///
    /// - Parameters:
    ///   - method: How.
    ///   - places: The performances.
    ///   - label: What makes two alike; performances whose label is theirs alone are not asked, only found.
    mutating func add(_ method: FindingMethod, _ places: [Int], _ label: (Int) -> String) {
        add(method, places, places, named: method.name, label)
    }

    /// Counts how well some performances find those with their label among others.
    mutating func add(
        _ method: FindingMethod,
        _ asking: [Int],
        _ places: [Int],
        named row: String,
        _ label: (Int) -> String
    ) {
        for one in asking {
            let others = places.filter { $0 != one }
            let wanted = others.map { label($0) == label(one) }
            guard let ranking = Ranking(method.scores(one, others), wanted) else { continue }
            add(row, .meanAveragePrecision, ranking.averagePrecision)
            add(row, .recall1, ranking.isFound(within: 1) ? 1 : 0)
            add(row, .recall5, ranking.isFound(within: 5) ? 1 : 0)
            add(row, .chance, ranking.chance)
        }
    }
}

/// An answer list, best first, of which it is known what is right.
struct Ranking {
    private let isRight: [Bool]

    /// Sorts by score.
    ///
    /// - Returns: Nil if nothing is right.
    init?(_ scores: [Float], _ isRight: [Bool]) {
        guard isRight.contains(true) else { return nil }
        self.isRight = zip(scores, isRight).sorted { $0.0 > $1.0 }.map(\.1)
    }

    /// The mean, over the right answers, of the share of right ones down to them.
    var averagePrecision: Double {
        var (right, sum) = (0, 0.0)
        for (rank, isRight) in isRight.enumerated() where isRight {
            right += 1
            sum += Double(right) / Double(rank + 1)
        }
        return sum / Double(right)
    }

    /// Whether one of the first answers is right.
    func isFound(within count: Int) -> Bool { isRight.prefix(count).contains(true) }

    /// The share of right answers: what a random order reaches on average.
    var chance: Double { Double(isRight.count { $0 }) / Double(isRight.count) }
}
