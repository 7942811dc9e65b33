import Foundation
import Media
import Pipelines
import Tensors
import Testing

/// Folders of samples made of the sample clips and their drawn truth, and judges for them.
struct EvaluationFixture {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "/vsdb-eval-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Removes the folder.
    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    private static let look =
        "a photo of a woman with bob gray hair wearing a COLOR tank top and yellow pants"

    /// A text that describes the first sample clip with a top of some colour.
    static func caption(_ color: String) -> String {
        look.replacing("COLOR", with: color)
    }

    /// Two clips, figure 0 doing what figure 1 does, and a purple top that becomes green.
    static func manifest() -> [String: Any] {
        let samples = LibraryFixture.samples
        func film(_ path: String) -> [String: Any] { ["path": samples + path] }
        let one = film("/clips/figure00_motion00.mp4")
        return [
            "format": 1, "name": "two dolls", "source": "Samples", "split": "none",
            "frameRate": 25, "extrapolation": [1.2],
            "clips": [
                // The window ends before the film, so that its end is unseen.
                ["name": "a", "film": one, "window": 40, "caption": caption("purple")],
                ["name": "b", "film": film("/clips/figure01_motion13.mp4"), "window": 50],
            ],
            "pairs": [
                [
                    "content": "a", "motion": "b",
                    "truth": film("/truth/figure00_with_motion13.mp4"),
                ]
            ],
            "masked": [
                [
                    "content": "a", "motion": "b", "regions": ["right-arm"],
                    "movedJoints": [String](),
                    "truth": film("/truth/figure00_with_motion13.mp4"),
                ]
            ],
            "edits": [
                [
                    "clip": "a", "from": caption("purple"), "to": caption("green"),
                    "attribute": "topColor", "value": "green",
                    "candidates": ["purple", "green", "red"].map(caption),
                ]
            ],
            "interpolation": [["clip": "a", "observed": [0, 13, 39]]],
        ]
    }

    /// Writes `samples.json`.
    func write(_ manifest: [String: Any]) throws {
        let data = try JSONSerialization.data(withJSONObject: manifest)
        try data.write(to: URL(filePath: folder + "/samples.json"))
    }

    /// Makes a folder of judges of the sample pack's CLIP and a probe whose joints are all in the middle.
    func makeJudges(joints: Int) throws -> String {
        let judges = folder + "/judges"
        let pack = LibraryFixture.samples + "/packs/paper-doll"
        try FileManager.default.createDirectory(atPath: judges, withIntermediateDirectories: true)
        let document = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(filePath: pack + "/pack.json"))
        )
        let clip = try #require((document as? [String: Any])?["clip"])
        try JSONSerialization.data(withJSONObject: ["clip": clip])
            .write(to: URL(filePath: judges + "/judge.json"))
        for file in ["clip.safetensors", "vocab.json", "merges.txt"] {
            try FileManager.default.copyItem(
                atPath: pack + "/" + file,
                toPath: judges + "/" + file
            )
        }
        try Self.probe(joints: joints).write(to: URL(filePath: judges + "/joints.safetensors"))
        return judges
    }

    /// A safetensors file of zeros: every heat map is flat.
    private static func probe(joints: Int) throws -> Data {
        let layers = [
            (24, 3, 3), (32, 24, 3), (64, 32, 3), (64, 64, 3), (96, 64, 3), (96, 96, 3),
        ]
        var shapes: [(String, [Int])] = layers.enumerated().flatMap { index, layer in
            [
                ("convs.\(index).weight", [layer.0, layer.1, layer.2, layer.2]),
                ("convs.\(index).bias", [layer.0]),
            ]
        }
        for (name, count) in [("heat", joints), ("offset", 2 * joints)] {
            shapes += [("\(name).weight", [count, 96, 1, 1]), ("\(name).bias", [count])]
        }
        var (header, offset): ([String: Any], Int) = ([:], 0)
        for (name, shape) in shapes {
            let end = offset + 4 * shape.reduce(1, *)
            header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [offset, end]]
            offset = end
        }
        let json = try JSONSerialization.data(withJSONObject: header)
        var file = Data((0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) })
        file += json
        return file + Data(count: offset)
    }

    /// Measures the sample pack, or one in another folder, on the samples.
    func evaluate(
        pack: String = LibraryFixture.samples + "/packs/paper-doll",
        _ edit: (inout EvaluationRequest) -> Void = { _ in }
    ) throws -> EvaluationReport {
        var request = EvaluationRequest()
        (request.samples, request.stride) = (folder, 8)
        edit(&request)
        return try SampleEvaluator.evaluate(LoadedPack.open(folder: pack), request)
    }
}

extension EvaluationReport {
    /// A number of a row whose name begins with a text.
    func value(_ section: String, _ row: String, _ key: String) -> Double? {
        sections.first { $0.key == section }?.rows.first { $0.name.hasPrefix(row) }?.values[key]
    }
}
