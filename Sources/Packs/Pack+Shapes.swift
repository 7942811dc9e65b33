internal import Models

extension Pack {
    /// Height and width of its frames in pixels.
    public var frameShape: [Int] {
        [manifest.generator.config.height, manifest.generator.config.width]
    }

    /// Rows and columns of the grid that masks address; nil for a pack without a motion model.
    public var gridShape: [Int]? {
        manifest.dynamics.map { [$0.config.gridHeight, $0.config.gridWidth] }
    }
}
