internal import Foundation
public import Models

extension PackManifest {
    /// Checks the parts against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        guard format == Self.currentFormat else {
            throw ConfigError(
                "format",
                "is \(format), this vsdb reads \(Self.currentFormat); upgrade one of them"
            )
        }
        guard !name.isEmpty, name.utf8.count <= 100, !name.contains("/"), !name.hasPrefix(".")
        else {
            throw ConfigError("name", "\"\(name)\" cannot be a folder's name")
        }
        try prefixed("generator.config") { () throws(ConfigError) in try generator.config.validate()
        }
        for file in files {
            guard !file.path.isEmpty, !file.path.contains("/"), !file.path.hasPrefix(".") else {
                throw ConfigError("\(file.key).path", "\"\(file.path)\" is not a plain file name")
            }
            guard file.sha256.utf8.count == 64 else {
                throw ConfigError("\(file.key).sha256", "needs 64 hexadecimal digits")
            }
        }
        try validateTime()
        try validateAlignment()
        try validatePrecision()
        try validateVocabulary()
        try validateEncoder()
        try validateDynamics()
        if let clip {
            try prefixed("clip.config") { () throws(ConfigError) in try clip.config.validate() }
        }
        if let dino {
            try prefixed("dino.config") { () throws(ConfigError) in try dino.config.validate() }
        }
    }

    private func validateTime() throws(ConfigError) {
        for (key, value) in [
            ("unitSeconds", time.unitSeconds), ("clipSeconds", time.clipSeconds),
            ("trainedSeconds", time.trainedSeconds), ("frameRate", time.frameRate),
        ] where !(value.isFinite && value > 0 && value < 1e6) {
            throw ConfigError("time.\(key)", "must be positive, got \(value)")
        }
        guard (2...1000).contains(time.observedFrames) else {
            throw ConfigError("time.observedFrames", "got \(time.observedFrames)")
        }
    }

    private func validateAlignment() throws(ConfigError) {
        if let box = cropBox {
            // Fractions of a frame are often rounded to a few digits.
            let end = 1 + 1e-6
            guard box.count == 4, box.allSatisfy({ (0...1).contains($0) }), box[2] > 0, box[3] > 0,
                box[0] + box[2] <= end, box[1] + box[3] <= end
            else {
                throw ConfigError(
                    "cropBox",
                    "\(box) is not [x, y, width, height] in fractions of a frame"
                )
            }
        }
        if let own = reconstruction {
            guard own.median > 0, own.limit >= own.median, own.limit <= 100 else {
                throw ConfigError(
                    "reconstruction",
                    "needs a median above 0 and a limit from there to 100, got \(own.median) and "
                        + "\(own.limit); measure it with vsdb pack calibrate"
                )
            }
        }
    }

    private func validatePrecision() throws(ConfigError) {
        guard let psnr = bfloat16PSNR, !(0...200).contains(psnr) else { return }
        throw ConfigError(
            "bfloat16PSNR",
            "needs decibels from 0 to 200, got \(psnr); measure it with vsdb pack calibrate"
        )
    }

    private func validateVocabulary() throws(ConfigError) {
        guard let clip, clip.merges == nil else { return }
        guard clip.vocabulary == nil else {
            throw ConfigError("clip.merges", "is missing; a vocabulary needs its merges")
        }
    }

    private func validateEncoder() throws(ConfigError) {
        guard let encoder else { return }
        try prefixed("encoder.config") { () throws(ConfigError) in try encoder.config.validate() }
        guard encoder.config.styleCount == generator.config.layerCount else {
            throw ConfigError(
                "encoder.config.styleCount",
                "\(encoder.config.styleCount), the generator has \(generator.config.layerCount) layers"
            )
        }
        guard encoder.config.styleDim == generator.config.styleDim else {
            throw ConfigError(
                "encoder.config.styleDim",
                "\(encoder.config.styleDim), the generator has \(generator.config.styleDim)"
            )
        }
    }

    private func validateDynamics() throws(ConfigError) {
        guard let dynamics else { return }
        let modulation = dynamics.modulation
        try prefixed("dynamics.config") { () throws(ConfigError) in try dynamics.config.validate() }
        try prefixed("dynamics.modulation") { () throws(ConfigError) in
            try modulation.validate()
        }
        guard modulation.groups.reduce(0, +) == generator.config.layerCount else {
            throw ConfigError(
                "dynamics.modulation.groups",
                "\(modulation.groups) do not add up to the generator's \(generator.config.layerCount)"
            )
        }
        guard modulation.styleDim == generator.config.styleDim else {
            throw ConfigError("dynamics.modulation.styleDim", "differs from the generator's")
        }
        guard modulation.width == dynamics.config.projectedChannels else {
            throw ConfigError("dynamics.modulation.width", "differs from config.projectedChannels")
        }
        let (rows, columns) = (dynamics.config.gridHeight, dynamics.config.gridWidth)
        guard modulation.positions >= rows * columns else {
            throw ConfigError(
                "dynamics.modulation.positions",
                "\(modulation.positions) cells at most, but frames of "
                    + "\(dynamics.config.imageWidth)x\(dynamics.config.imageHeight) make "
                    + "\(rows * columns) (\(rows) rows, \(columns) columns); take smaller frames"
            )
        }
        if let clip, clip.config.embedDim != modulation.width {
            throw ConfigError(
                "clip.config.embedDim",
                "\(clip.config.embedDim), the style token has \(modulation.width)"
            )
        }
        for (region, cells) in regions.sorted(by: { $0.key < $1.key }) {
            for cell in cells
            where cell.count != 2 || !(0..<rows).contains(cell[0])
                || !(0..<columns).contains(cell[1])
            {
                throw ConfigError(
                    "regions.\(region)",
                    "\(cell) is not a cell of \(rows) rows, \(columns) columns"
                )
            }
            guard !cells.isEmpty else { throw ConfigError("regions.\(region)", "has no cells") }
        }
    }

    private func prefixed(
        _ key: String,
        _ body: () throws(ConfigError) -> Void
    ) throws(ConfigError) {
        do { try body() } catch { throw ConfigError("\(key).\(error.key)", error.problem) }
    }

    /// The manifest without what makes no difference to assets.
    var essence: PackManifest {
        var essence = self
        (essence.name, essence.summary, essence.licence, essence.provenance) = ("", "", "", "")
        essence.reconstruction = nil
        essence.bfloat16PSNR = nil
        return essence
    }

    /// A file that the pack consists of.
    public struct File: Sendable, Hashable {
        /// The key of the manifest that names it.
        public let key: String
        /// Its name in the folder.
        public let path: String
        /// Its SHA-256.
        public let sha256: String
    }

    /// All files that the manifest names.
    public var files: [File] {
        func weights(_ key: String, _ file: WeightFile?) -> [File] {
            file.map { [File(key: "\(key).weights", path: $0.path, sha256: $0.sha256)] } ?? []
        }
        func text(_ key: String, _ file: TextFile?) -> [File] {
            file.map { [File(key: key, path: $0.path, sha256: $0.sha256)] } ?? []
        }
        return weights("generator", generator.weights) + weights("encoder", encoder?.weights)
            + weights("clip", clip?.weights) + text("clip.vocabulary", clip?.vocabulary)
            + text("clip.merges", clip?.merges) + weights("dynamics", dynamics?.weights)
            + weights("dino", dino?.weights)
    }
}
