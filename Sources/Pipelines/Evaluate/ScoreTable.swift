/// The kinds of numbers; the raw value is the key in JSON, the order that of columns.
enum Score: String, CaseIterable {
    case psnr, ssim, figurePSNR, figureSSIM, joints, movedJoints, restJoints, way
    case accuracy, accuracyUnedited, accuracyOfTruth
    case editedPSNR, uneditedPSNR, colorError, colorErrorUnedited, poseShift
    case identity, otherIdentity, consistency, warping, warpingCoverage, bend
    case frechet, classScore
    case meanAveragePrecision, recall1, recall5, chance

    /// What tables call it.
    var title: String {
        switch self {
        case .psnr: "PSNR dB"
        case .ssim: "SSIM"
        case .figurePSNR: "figure dB"
        case .figureSSIM: "fig. SSIM"
        case .joints: "joints px"
        case .movedJoints: "moved px"
        case .restJoints: "rest px"
        case .way: "way %"
        case .accuracy: "seen %"
        case .accuracyUnedited: "unedited %"
        case .accuracyOfTruth: "truth %"
        case .editedPSNR: "PSNR dB"
        case .uneditedPSNR: "unedited dB"
        case .colorError: "colour"
        case .colorErrorUnedited: "unedited"
        case .poseShift: "pose px"
        case .identity: "identity"
        case .otherIdentity: "other"
        case .consistency: "CLIP LC"
        case .warping: "warping"
        case .warpingCoverage: "covered"
        case .bend: "bend"
        case .frechet: "Frechet"
        case .classScore: "score"
        case .meanAveragePrecision: "mAP"
        case .recall1: "R@1"
        case .recall5: "R@5"
        case .chance: "chance"
        }
    }

    var digits: Int {
        switch self {
        case .psnr, .figurePSNR, .joints, .movedJoints, .restJoints, .editedPSNR, .uneditedPSNR,
            .poseShift:
            2
        case .way, .accuracy, .accuracyUnedited, .accuracyOfTruth, .colorError, .colorErrorUnedited:
            1
        case .warping: 6
        case .frechet, .identity, .otherIdentity, .consistency: 4
        case .ssim, .figureSSIM, .bend, .warpingCoverage, .classScore, .meanAveragePrecision,
            .recall1, .recall5, .chance:
            3
        }
    }
}

/// Means that grow value by value, in rows that are in the order of their first value.
struct ScoreTable {
    let key: String
    let title: String
    private var names: [String] = []
    private var cells: [String: [Score: (sum: Double, count: Int)]] = [:]

    init(_ key: String, _ title: String) { (self.key, self.title) = (key, title) }

    var isEmpty: Bool { names.isEmpty }

    /// Counts a value; nil and NaN count nothing.
    mutating func add(_ row: String, _ score: Score, _ value: Double?, count: Int = 1) {
        guard let value, value.isFinite else { return }
        if cells[row] == nil { names.append(row) }
        let old = cells[row]?[score] ?? (0, 0)
        cells[row, default: [:]][score] = (
            old.sum + value * Double(count), old.count + count
        )
    }

    /// Counts several values.
    mutating func add(_ row: String, _ score: Score, _ values: [Double?]) {
        for value in values { add(row, score, value) }
    }

    /// The mean so far.
    func mean(_ row: String, _ score: Score) -> Double? {
        cells[row]?[score].map { $0.sum / Double($0.count) }
    }

    /// Puts a row, if it is there, behind all others.
    mutating func moveToEnd(_ row: String) {
        guard let place = names.firstIndex(of: row) else { return }
        names.append(names.remove(at: place))
    }

    var section: EvaluationReport.Section {
        let used = Score.allCases.filter { score in cells.values.contains { $0[score] != nil } }
        return EvaluationReport.Section(
            key: key,
            title: title,
            columns: used.map {
                EvaluationReport.Column(key: $0.rawValue, title: $0.title, digits: $0.digits)
            },
            rows: names.map { name in
                let scores = (cells[name] ?? [:]).map { ($0.key.rawValue, $0.value) }
                return EvaluationReport.Row(
                    name: name,
                    values: Dictionary(
                        uniqueKeysWithValues: scores.map { ($0.0, $0.1.sum / Double($0.1.count)) }
                    ),
                    counts: Dictionary(uniqueKeysWithValues: scores.map { ($0.0, $0.1.count) })
                )
            }
        )
    }
}
