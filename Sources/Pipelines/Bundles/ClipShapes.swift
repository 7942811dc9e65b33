internal import Models
internal import Packs
internal import Search
internal import Store
internal import Tensors

/// The shapes that the tensors of a pack's clips have.
///
/// A tensor of another shape would be stored, and would stop the first search or render that meets it.
struct ClipShapes {
    private let manifest: PackManifest

    init(_ manifest: PackManifest) { self.manifest = manifest }

    /// What is wrong with a tensor; nil if nothing is.
    func fault(_ kind: AssetKind, _ tensor: RawTensor) -> String? {
        let floats: [DType] = [.float16, .float32]
        let dtypes = kind == .thumbnails ? [.uint8] : floats
        guard dtypes.contains(tensor.dtype) else {
            let wanted = dtypes.map(\.rawValue).joined(separator: " or ")
            return "\(kind.name) is \(tensor.dtype.rawValue), expected \(wanted)"
        }
        guard let wanted = shape(of: kind) else {
            return "\(kind.name) comes from a network that pack \"\(manifest.name)\" does not have"
        }
        let fits =
            wanted.count == tensor.shape.count
            && zip(wanted, tensor.shape).allSatisfy { $0 == nil || $0 == $1 }
        guard fits else {
            let text = wanted.map { $0.map(String.init) ?? "n" }.joined(separator: ", ")
            return "\(kind.name) is \(tensor.shape), expected [\(text)]"
        }
        return tensor.isFinite ? nil : "\(kind.name) has numbers that are NaN or infinite"
    }

    /// The extents, nil for any; nil if no tensor of that kind can come from the pack.
    private func shape(of kind: AssetKind) -> [Int?]? {
        let generator = manifest.generator.config
        switch kind {
        case .content: return [generator.layerCount, generator.styleDim]
        case .frameCodes: return [nil, generator.layerCount, generator.styleDim]
        case .dynamics: return manifest.dynamics?.config.stateShape
        case .motion:
            return manifest.dynamics.map {
                [$0.config.gridHeight * $0.config.gridWidth, 2 * MotionSummary.numbers]
            }
        case .style, .look: return manifest.clip.map { [$0.config.embedDim] }
        case .thumbnails: return [nil]
        }
    }
}
