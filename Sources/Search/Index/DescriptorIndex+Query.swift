package import Kernels

extension DescriptorIndex {
    /// What a row is compared with others by; all groups count the same without weights, or if none is above 0.
    package func query(_ row: Int, weights: [Float]?) -> DescriptorQuery {
        let even = [Float](repeating: 1, count: layout.groups)
        let own = weights ?? even
        return DescriptorQuery(
            descriptor(row),
            layout,
            weights: own.contains { $0 > 0 } ? own : even
        )
    }
}
