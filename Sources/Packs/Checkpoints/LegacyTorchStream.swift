import Foundation
import Tensors

/// Five pickles and plain storages one after another, as `torch.save` wrote before version 1.6.
///
/// Magic number, version, sizes of C types, the value, the names of its storages; then for each
/// name the number of elements in 8 bytes and the elements, little-endian on every machine. The
/// value refers to storages whose places are known only after it, so it is run twice: once for the
/// sizes, once with the places.
/// Source: PyTorch `torch/serialization.py`, `_legacy_save` and `_legacy_load`, and
/// `torch/csrc/serialization.cpp`.
struct LegacyTorchStream {
    /// The machine that ran the value, and where the value is.
    let machine: PickleMachine
    let root: PickleReference

    /// The value itself.
    var rootNode: PickleNode { machine.heap[root] }

    /// 0x1950A86A20F9469CFC6C in ten bytes, least significant first.
    private static let magic: [UInt8] = [
        0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]
    private static let version = 1001

    /// The length of the pickle of the magic number, or nil if the bytes do not start with it.
    static func magicLength(_ data: Data) -> Int? {
        guard data.first == 0x80, data.count > 2 else { return nil }
        let start = data.startIndex + 2
        // Protocols from 4 on put a frame of 8 bytes of length around it.
        let body = data[start] == 0x95 ? start + 9 : start
        let number = [0x8A, UInt8(magic.count)] + magic + [UInt8(ascii: ".")]
        guard body <= data.endIndex, data[body...].starts(with: number) else { return nil }
        return body - data.startIndex + number.count
    }

    /// Reads a stream.
    ///
    /// - Parameters:
    ///   - data: The stream, with the indices that it has in the file.
    ///   - file: The file, in which the tensors stay.
    ///   - path: The file, for messages.
    ///   - part: The part of the file, for messages.
    ///   - session: What all pickles of the file share.
    ///   - isNested: Whether the stream lies in a bytes value of a pickle.
    /// - Throws: `CheckpointError` naming place and rule.
    init(
        _ data: Data,
        file: FileBytes,
        path: String,
        part: String,
        session: PickleSession,
        isNested: Bool
    ) throws {
        guard let length = Self.magicLength(data) else {
            throw CheckpointError(path, "\(part): no magic number of torch")
        }
        let pickles = Pickles(
            data: data,
            globals: PickleGlobals(
                file: file,
                path: path,
                session: session,
                loadStorage: { _ in throw PickleFault("a storage before the value") },
                isNested: isNested
            ),
            part: part
        )
        var position = length
        var versions = pickles.machine(at: position, "version")
        let version = try versions.run()
        guard versions.heap.integer(version) == Self.version else {
            throw CheckpointError(path, "\(part): the version is not \(Self.version)")
        }
        position += versions.position
        var system = pickles.machine(at: position, "system")
        _ = try system.run()
        position += system.position

        let claims = StorageClaims(file: file)
        var sizing = pickles.machine(at: position, "value") { try claims.note($0) }
        _ = try sizing.run()
        var naming = pickles.machine(at: position + sizing.position, "names of storages")
        let names = try naming.run()
        let storages = try LegacyStorages(
            naming.heap.strings(names),
            claims: claims,
            in: data.dropFirst(position + sizing.position + naming.position),
            path: path,
            part: part
        )
        var placing = pickles.machine(at: position, "value") { try storages.find($0) }
        root = try placing.run()
        machine = placing
    }

    /// The pickles of a stream, by their positions.
    private struct Pickles {
        let data: Data
        let globals: PickleGlobals
        let part: String

        func machine(
            at position: Int,
            _ what: String,
            load: ((StorageKey) throws -> TensorStorage)? = nil
        ) -> PickleMachine {
            var globals = globals
            if let load { globals.loadStorage = load }
            return PickleMachine(
                data.dropFirst(position),
                part: "\(part), \(what) at byte \(position)",
                globals: globals
            )
        }
    }
}

/// The storages that the value of a stream claims to have.
private final class StorageClaims {
    private(set) var keys: [String: StorageKey] = [:]
    let file: FileBytes

    init(file: FileBytes) { self.file = file }

    /// A storage of the claimed size without a place; nothing reads it.
    func note(_ key: StorageKey) throws -> TensorStorage {
        if let known = keys[key.name] {
            guard known.dtype == key.dtype, known.count == key.count else {
                throw PickleFault("the storage \(key.name) occurs with two types or sizes")
            }
        }
        keys[key.name] = key
        let width = key.dtype?.byteCount ?? 1
        guard key.count <= file.count / width else {
            throw PickleFault(
                "the storage \(key.name) claims \(key.count) elements of \(width) bytes, the file "
                    + "has \(file.count) bytes"
            )
        }
        return TensorStorage(dtype: key.dtype, file: file, range: 0..<key.count * width)
    }
}

/// The storages behind the pickles of a stream.
private struct LegacyStorages {
    private var places: [String: TensorStorage] = [:]

    /// Finds the place of each named storage; the last one must end with the stream.
    init(
        _ names: [String]?,
        claims: StorageClaims,
        in data: Data,
        path: String,
        part: String
    ) throws {
        guard let names else {
            throw CheckpointError(path, "\(part): the names of the storages are no list of texts")
        }
        var cursor = ByteCursor(data, path: path, part: "\(part), storages")
        for name in names {
            guard let key = claims.keys[name], places[name] == nil else {
                throw cursor.failure(
                    "the storage \(name) is of an element type that is not read, unused, or there "
                        + "twice; where the next one begins is then not known: save the file again "
                        + "with PyTorch 1.6 or later"
                )
            }
            let count = try cursor.count64()
            guard count == key.count else {
                throw cursor.failure(
                    "the storage \(name) has \(count) elements, the value claims \(key.count)"
                )
            }
            let width = key.dtype?.byteCount ?? 1
            // The claim was checked to fit the file, so the product does not overflow.
            let bytes = try cursor.bytes(count * width)
            let range = bytes.startIndex..<bytes.endIndex
            places[name] = TensorStorage(dtype: key.dtype, file: claims.file, range: range)
        }
        guard cursor.position == data.count else {
            throw cursor.failure("\(data.count - cursor.position) bytes follow the last storage")
        }
    }

    func find(_ key: StorageKey) throws -> TensorStorage {
        guard let storage = places[key.name] else {
            throw PickleFault("the storage \(key.name) is missing")
        }
        return storage
    }
}
