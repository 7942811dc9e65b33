public import Tensors

extension DynamicsConfig {
    /// Every tensor that the dynamics encoder and the latent ODE read, from the root of a checkpoint.
    public var requiredTensors: [TensorRequirement] {
        frameEncoderTensors + recurrentTensors
            + odeTensors(DynamicsNames.field, otherName: nil)
            + TensorRequirement.layer(
                DynamicsNames.projection,
                [projectedChannels, stateChannels, 1, 1]
            )
    }

    private var frameEncoderTensors: [TensorRequirement] {
        let last = encoderChannels[encoderChannels.count - 1]
        var needs = activated("FromRGB", [encoderChannels[0], 3, 1, 1])
        for index in 0..<encoderChannels.count - 1 {
            let name = DynamicsNames.downBlock(index)
            let (input, output) = (encoderChannels[index], encoderChannels[index + 1])
            needs += activated(name + ".conv1", [input, input, 3, 3])
            needs += activated(name + ".conv2", [output, input, 3, 3])
            needs.append(TensorRequirement(name + ".skip.Conv.weight", [output, input, 1, 1]))
        }
        needs += activated("ToSpatialCode.0", [last, last, 1, 1])
        needs += TensorRequirement.layer("ToSpatialCode.1.Conv", [codeChannels, last, 1, 1])
        return needs.map { $0.prefixed(DynamicsNames.frameEncoder) }
    }

    private func activated(_ name: String, _ weight: [Int]) -> [TensorRequirement] {
        [
            TensorRequirement(name + ".Conv.weight", weight),
            TensorRequirement(name + ".Act.bias", Array(weight.prefix(1))),
        ]
    }

    private var recurrentTensors: [TensorRequirement] {
        let (state, input) = (stateChannels, codeChannels + stateChannels)
        let cell = DynamicsNames.recurrent
        var needs = odeTensors(
            DynamicsNames.encoderField,
            otherName: DynamicsNames.sharedEncoderField
        )
        needs += TensorRequirement.layer(cell + "cell_list.0.conv_gates", [2 * state, input, 3, 3])
        needs += TensorRequirement.layer(cell + "cell_list.0.conv_can", [state, input, 3, 3])
        needs += TensorRequirement.layer(cell + "transform_z0.0", [state, state, 1, 1])
        needs += TensorRequirement.layer(cell + "transform_z0.2", [2 * state, state, 1, 1])
        return needs
    }

    private func odeTensors(_ prefix: String, otherName: String?) -> [TensorRequirement] {
        let last = odeHiddenLayers + 1
        return (0...last).flatMap { index in
            let input = index == 0 ? stateChannels : odeChannels
            let output = index == last ? stateChannels : odeChannels
            return TensorRequirement.layer("\(2 * index)", [output, input, 3, 3]).map { need in
                TensorRequirement(
                    prefix + need.name,
                    need.shape,
                    otherName: otherName.map { $0 + need.name }
                )
            }
        }
    }
}
