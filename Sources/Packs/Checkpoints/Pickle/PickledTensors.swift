public import Tensors

/// What a reader takes from a pickle: its value, and the tensors in it by name.
struct PickledTensors: Sendable {
    let value: PickleValue
    let names: [String]
    let placeholders: [String]

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
        placeholders = session.placeholders.sorted()
    }

    func raw(_ name: String) -> RawTensor? { tensors[name]?.raw }

    func layout(_ name: String) -> TensorLayout? { tensors[name]?.layout }
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
}
