public import Tensors

/// Memory for feature maps that live as long as somebody holds them; it is used again, so that a network pays for
/// its pages once.
public final class FeaturePool {
    private var blocks: [FeatureScratch.Block] = []
    let products = FeatureScratch.Block()

    /// Starts without memory.
    public init() { FeatureScratch.prepareProcess() }

    /// A map `[N, C, H, W]` with a border of zeros and anything inside.
    public func map(_ shape: [Int]) -> FeatureMap {
        let floats = FeatureMap.floatCount(shape)
        // The smallest free block that is large enough, else the largest free one grows.
        var best: Int?
        for index in blocks.indices where isKnownUniquelyReferenced(&blocks[index]) {
            guard let found = best else {
                best = index
                continue
            }
            let (old, new) = (blocks[found].capacity, blocks[index].capacity)
            if old < floats ? new > old : (floats...old).contains(new) { best = index }
        }
        if let best { return FeatureMap(shape, in: blocks[best]) }
        let fresh = FeatureScratch.Block()
        blocks.append(fresh)
        return FeatureMap(shape, in: fresh)
    }

    /// A map filled with features.
    public func map(loading x: Tensor<Float>) -> FeatureMap {
        let map = map(x.shape)
        map.load(x)
        return map
    }
}
