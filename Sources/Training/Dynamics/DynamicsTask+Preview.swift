internal import Gradients
internal import Kernels
public import Tensors

extension DynamicsTask {
    /// A row of what the networks make now.
    public struct PreviewRow: Sendable {
        /// What it shows.
        public let label: String
        /// `[n, 3, H, W]`, about -1...1.
        public let pictures: Tensor<Float>
    }

    /// What the networks make of two clips: the clips, themselves again, each with the motion of the other, and, with
    /// captions, under the description of the other.
    ///
    /// - Parameter count: The pictures of a row.
    /// - Returns: Rows for both clips; one clip gives fewer.
    /// - Throws: `SolveError`, or what the clips throw.
    public func preview(count: Int = 8) throws -> [PreviewRow] {
        let chosen = clips.count > 1 ? [0, clips.count - 1] : [0]
        // The first and the last clip: neighbours often show one figure.
        let motions = try chosen.map { try motion(of: $0, count) }
        var rows: [PreviewRow] = []
        for (index, clip) in chosen.enumerated() {
            let other = chosen[chosen.count - 1 - index]
            let name = String(UnicodeScalar(UInt8(65 + index)))
            let otherName = String(UnicodeScalar(UInt8(65 + chosen.count - 1 - index)))
            let own = try features(of: clip)
            rows.append(
                PreviewRow(
                    label: name,
                    pictures: Self.fractions(try clips.frames(of: clip, motions[index].frames))
                        .map { $0 * 2 - 1 }.channelsFirst
                )
            )
            func row(_ label: String, _ motion: Int, _ style: Tensor<Float>) -> PreviewRow {
                PreviewRow(
                    label: label,
                    pictures: drawn(own.content, style, motions[motion].tokens)
                )
            }
            rows.append(row(name + " again", index, own.style))
            guard other != clip else { continue }
            rows.append(row("\(name) moves as \(otherName)", chosen.count - 1 - index, own.style))
            if let source = own.text, let target = try features(of: other).text {
                let style = Tensor(
                    shape: own.style.shape,
                    scalars: own.style.scalars.indices.map {
                        own.style.scalars[$0] + objective.strength
                            * (target.scalars[$0] - source.scalars[$0])
                    }
                )
                rows.append(row("\(name) described as \(otherName)", index, style))
            }
        }
        return rows
    }

    /// Evenly spaced frames of the start of a clip, and the tokens of those times.
    private func motion(of clip: Int, _ count: Int) throws -> (frames: [Int], tokens: Tensor<Float>)
    {
        let times = try features(of: clip).times
        let inside = times.indices.filter {
            times[$0] - times[0] <= config.sampling.window * (1 + 1e-6)
        }
        func spread(_ count: Int) -> [Int] {
            let count = min(count, inside.count)
            return (0..<count).map { inside[count < 2 ? 0 : $0 * (inside.count - 1) / (count - 1)] }
        }
        let (observed, shown) = (spread(config.sampling.observed[1]), spread(count))
        let dynamics = objective.networks.dynamics
        let z0 = dynamics.encode(
            Variable(
                try encoderFrames(Self.fractions(try clips.frames(of: clip, observed)))
            ),
            times: [observed.map { Float(times[$0] - times[0]) }]
        )
        let states = try dynamics.solve(
            from: z0.detached,
            at: [shown.map { Double(Float(times[$0] - times[0])) }]
        )
        return (shown, dynamics.project(states.detached).value)
    }

    private func drawn(_ content: Tensor<Float>, _ style: Tensor<Float>, _ tokens: Tensor<Float>)
        -> Tensor<Float>
    {
        let networks = objective.networks
        let codes = networks.codes(
            contents: Variable(content.reshaped([1] + content.shape)),
            styles: Variable(style.reshaped([1, 1, style.count])),
            tokens: Variable(tokens),
            clips: [Int](repeating: 0, count: tokens.shape[0])
        )
        return networks.generator(codes.detached).value.channelsFirst
    }
}
