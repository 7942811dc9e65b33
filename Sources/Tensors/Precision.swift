/// The numbers that a network multiplies; sums and features are float32 in both.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
    /// 24 significant bits, as the reference implementations.
    case float32 = "f32"
    /// 8 significant bits, in half the time where the processor multiplies them.
    case bfloat16 = "bf16"
}
