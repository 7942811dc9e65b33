import Pipelines
import Store
import Tensors

/// Clips of random numbers, of the shapes of a real one, that fill a library at the speed of its disk.
struct RandomClips {
    private let model: Clip
    private let assets: [NewAsset]

    /// Clips like the first one of a library.
    ///
    /// - Throws: `BenchError` if it has none.
    init(like session: Session) throws {
        guard let first = try session.library.clips().first else {
            throw BenchError("the library has no clip")
        }
        model = first
        assets = try AssetKind.allCases.compactMap { kind in
            try session.library.tensor(of: first.id, kind).map { NewAsset(kind: kind, tensor: $0) }
        }
    }

    /// Stores clips with running numbers.
    func fill(_ session: Session, numbers: Range<Int>) throws {
        // A part at a time: numbers of a hundred thousand clips fill gigabytes.
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 5_000) {
            let part = start..<min(start + 5_000, numbers.upperBound)
            _ = try session.library.commit(part.map(clip))
        }
    }

    private func clip(_ number: Int) -> NewClip {
        var random = SystemRandomNumberGenerator()
        let changed = assets.map { asset in
            var asset = asset
            guard asset.tensor.dtype == .float32 else { return asset }
            let numbers = (0..<asset.tensor.count).map { _ in
                Float.random(in: -1...1, using: &random)
            }
            asset.tensor = RawTensor(Tensor(shape: asset.tensor.shape, scalars: numbers))
            return asset
        }
        let digits = String(number, radix: 16)
        return NewClip(
            source: Source(
                sha256: String(repeating: "0", count: 64 - digits.count) + digits,
                path: "/nowhere/\(digits).mp4",
                byteCount: 1,
                mediaKind: .video,
                containerJSON: "{}"
            ),
            start: 0,
            end: 2,
            name: "random-\(digits)",
            packFingerprint: model.packFingerprint,
            settings: "align=center",
            assets: changed
        )
    }
}
