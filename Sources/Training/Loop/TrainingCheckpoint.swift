internal import Foundation
internal import Glibc
internal import Packs
internal import Tensors

/// The state of a run in one file, from which it goes on bit for bit.
///
/// `checkpoints/step-000500.safetensors` holds `parameter/NAME`, `average/NAME`, `m/NAME` and `v/NAME`; its metadata the
/// step, the run's configuration and the losses so far. A file appears under its name only when it is whole and on the
/// disk, and only then the oldest is deleted, so that one whole checkpoint always lies there.
public struct TrainingCheckpoint {
    /// How many are kept.
    static let kept = 2

    /// The folder of the run.
    public let folder: String

    /// Names the folder of a run.
    public init(run folder: String) { self.folder = folder + "/checkpoints" }

    /// What the files of a step are called, without ending; names sort as the steps do.
    public static func name(_ step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }

    private func path(_ step: Int) -> String {
        "\(folder)/\(Self.name(step)).safetensors"
    }

    /// The steps of which there is a checkpoint, rising.
    public var steps: [Int] {
        // A folder that is not there holds none; one that cannot be read is told by the first write.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
            return Int(name.dropFirst(5).dropLast(12))
        }.sorted()
    }

    /// The newest, for messages; nil if there is none.
    public var newest: String? { steps.last.map(path) }

    /// Writes the state after a step.
    ///
    /// - Throws: `TrainingError`, `.cannotWrite`; earlier checkpoints stay whole.
    func write(step: Int, _ tensors: [String: RawTensor], metadata: [String: String]) throws {
        let target = path(step)
        // One name: what a run that died left there is written over by the next.
        let temporary = folder + "/.next.partial"
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let data = try SafetensorsFile.encode(tensors, metadata: metadata)
            try DurableFile.write(data, to: temporary)
            guard rename(temporary, target) == 0 else {
                throw POSIXError(.init(rawValue: errno) ?? .EIO)
            }
            try synchroniseFolder(folder)
        } catch {
            unlink(temporary)
            throw TrainingError(
                .cannotWrite,
                "checkpoint \"\(target)\" could not be written: \(DurableFile.reason(error)); "
                    + (newest.map { "the last whole one is \"\($0)\"" } ?? "there is none yet")
            )
        }
        for old in steps.dropLast(Self.kept) { unlink(path(old)) }
    }

    /// Reads the newest.
    ///
    /// - Throws: `TrainingError`, `.badCheckpoint`.
    func read() throws -> (step: Int, weights: Weights, metadata: [String: String]) {
        guard let step = steps.last else {
            throw TrainingError(
                .badCheckpoint,
                "\"\(folder)\" holds no checkpoint to go on from; start without --resume"
            )
        }
        do {
            let file = try SafetensorsFile(path: path(step))
            return (step, Weights(file), file.metadata)
        } catch {
            throw TrainingError(
                .badCheckpoint,
                "checkpoint \"\(path(step))\": \(error); delete it to go on from the one before"
            )
        }
    }
}

/// Files that are on the disk when the call returns.
enum DurableFile {
    /// Writes a file anew.
    ///
    /// - Throws: `POSIXError`.
    static func write(_ data: Data, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        try data.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = Glibc.write(
                    descriptor,
                    bytes.baseAddress?.advanced(by: offset),
                    bytes.count - offset
                )
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
                offset += count
            }
        }
        guard fsync(descriptor) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    static func reason(_ error: any Error) -> String {
        guard let error = error as? POSIXError else { return "\(error)" }
        return String(cString: strerror(error.code.rawValue)).lowercased()
            + (error.code == .ENOSPC ? "; free some space" : "")
    }
}
