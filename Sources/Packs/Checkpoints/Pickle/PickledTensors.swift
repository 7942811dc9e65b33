public import Tensors

/// What a reader takes from a pickle: its value, and the tensors in it by name.
struct PickledTensors: Sendable {
    let value: PickleValue
    let names: [String]
    let placeholders: [String]
    let unread: [UnreadTensor]

    private let tensors: [String: StridedTensor]

    /// Takes the value that a machine has made.
    ///
    /// - Throws: `CheckpointError` if it is cyclic, too deep or too large, or two tensors have one
    ///   name.
    init(
        _ machine: PickleMachine,
        root: PickleReference,
        session: PickleSession,
        path: String
    ) throws {
        value = try machine.value(of: root)
        var collector = TensorCollector(path: path)
        try collector.collect(value, name: "")
        tensors = collector.tensors
        names = tensors.keys.sorted()
        unread = collector.unread.sorted { $0.key < $1.key }
            .map { UnreadTensor(name: $0.key, type: $0.value) }
        placeholders = session.placeholders.sorted()
    }

    func raw(_ name: String) -> RawTensor? { tensors[name]?.raw }

    func layout(_ name: String) -> TensorLayout? { tensors[name]?.layout }
}

/// A tensor of a checkpoint that is not read, because its numbers are of a type that no network
/// here has.
public struct UnreadTensor: Sendable, Hashable, Encodable {
    /// Its name, as those of tensors that are read.
    public let name: String
    /// The class of its storage or its element type, such as `QInt8Storage`.
    public let type: String

    /// Names a tensor and the type of its numbers.
    public init(name: String, type: String) {
        self.name = name
        self.type = type
    }
}

/// A file of tensors that holds a pickle, and so more than tensors.
public protocol PickledArchive: TensorArchive {
    /// How the bytes of the file are laid out.
    var format: CheckpointFile.Format { get }
    /// Everything that the file holds, tensors included: options, hyper-parameters, counters.
    var value: PickleValue { get }
    /// Classes and functions that the reader does not know, `module.name`, sorted; their objects
    /// are inert.
    var placeholders: [String] { get }
    /// Tensors whose numbers are of a type that the reader does not know, by name.
    var unread: [UnreadTensor] { get }
}
