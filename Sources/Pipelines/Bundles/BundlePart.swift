internal import Foundation
internal import Hashing
internal import Packs
internal import Store
internal import Tensors

/// The clips of one part, with the tensors that they name.
struct BundlePart {
    let bundle: ClipBundle
    let number: Int
    /// By the fingerprint of the pack.
    let shapes: [String: ClipShapes]
    private let tensors: SafetensorsFile

    init(_ bundle: ClipBundle, _ number: Int, shapes: [String: ClipShapes]) throws {
        (self.bundle, self.number, self.shapes) = (bundle, number, shapes)
        tensors = try bundle.tensors(number)
    }

    /// The bytes of a tensor; nil if there is none.
    func byteCount(of name: String) -> Int? { tensors.layout(name)?.byteCount }

    /// Reads every clip of the part and checks all that is said of it.
    ///
    /// - Parameters:
    ///   - ids: The clips so far; those of the part come in.
    ///   - cancellation: Stops between two clips.
    /// - Throws: `StoreError`, `.damaged`, naming file and line; `InterruptedError`.
    func verify(_ ids: inout Set<ClipID>, _ cancellation: Cancellation) throws {
        let part = bundle.manifest.parts[number]
        var (clipCount, tensorCount) = (0, 0)
        try bundle.forEachClip(of: number) { line, place in
            try cancellation.check()
            let clip = try self.clip(line, place)
            guard ids.insert(clip.id).inserted else {
                throw bundle.damaged("\(place): clip \(clip.id) is in the bundle twice")
            }
            clipCount += 1
            tensorCount += clip.assets.count
        }
        guard clipCount == part.clipCount, tensorCount == part.tensorCount else {
            throw bundle.damaged(
                "\(part.clips.path) has \(clipCount.counted("clip")) with \(tensorCount.counted("tensor")), "
                    + "\(BundleManifest.fileName) says \(part.clipCount) with \(part.tensorCount)"
            )
        }
    }

    /// A clip as the library takes it, every tensor copied and checked.
    ///
    /// - Throws: `StoreError`, `.damaged`, naming file and line.
    func clip(_ line: BundleClip, _ place: String) throws -> NewClip {
        let subject = "\(place), clip \"\(line.name)\""
        func refuse(_ problem: String) -> StoreError { bundle.damaged("\(subject): \(problem)") }
        var clip = line.bare
        guard let shapes = shapes[line.pack] else {
            throw refuse("its pack \(line.pack.prefix(12)) is not in \(BundleManifest.fileName)")
        }
        guard clip.id.hex == line.id else {
            throw refuse("its id is \(line.id), but what it is gives \(clip.id.hex)")
        }
        guard ClipName.isValid(line.baseName) else {
            throw refuse("\"\(line.baseName)\" is no name of a clip")
        }
        let range = line.isSegment ? ClipName.range(line.start, line.end) : ""
        guard line.name == line.baseName + range else {
            throw refuse("a clip of that range is called \(line.baseName)\(range)")
        }
        clip.assets = try line.assets.map { use in
            guard let kind = AssetKind(name: use.kind) else {
                throw refuse("\"\(use.kind)\" is no kind of tensor")
            }
            guard use.tensor == BundleClip.tensorName(line.id, kind) else {
                throw refuse("its \(kind.name) is called \"\(use.tensor)\"")
            }
            guard let mapped = tensors.raw(use.tensor) else {
                throw refuse("\(tensors.path) has no tensor \(use.tensor)")
            }
            guard mapped.dtype.rawValue == use.dtype, mapped.shape == use.shape else {
                throw refuse(
                    "its \(kind.name) is \(mapped.shape) \(mapped.dtype.rawValue) in \(tensors.path), "
                        + "and \(use.shape) \(use.dtype) here"
                )
            }
            // Copied before it is checked, so that the checked bytes are those that are stored.
            let tensor = RawTensor(
                dtype: mapped.dtype,
                shape: mapped.shape,
                bytes: mapped.bytes.withUnsafeBytes { Data($0) }
            )
            guard hexadecimal64(tensor.bytes.withUnsafeBytes { xxh3($0) }) == use.xxh3 else {
                throw refuse("tensor \(use.tensor) does not match its checksum")
            }
            if let fault = shapes.fault(kind, tensor) { throw refuse(fault) }
            return NewAsset(kind: kind, tensor: tensor, provenanceJSON: use.provenance)
        }
        do { try clip.validate() } catch { throw refuse(error.description) }
        return clip
    }
}
