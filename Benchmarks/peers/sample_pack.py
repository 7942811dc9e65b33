"""The sample pack's networks in PyTorch, and the two commands of vsdb that are measured beside them.

Written from the published architectures (StyleGAN2, pSp, CLIP, Vid-ODE, VidStyleODE), reading the weights of
Samples/packs/paper-doll. The bench compares what both sides store and draw: it is the same work.

Run by itself, `sample_pack.py THREADS ASSETS.safetensors` is the cold start: it draws the first frame of a
composition and writes it to standard output as packed RGB.
"""

import json
import math
import os
import sys

import torch
import torch.nn.functional as F

PACK = "Samples/packs/paper-doll"


class Weights:
    """Tensors of one file below a prefix, widened to float32 unless asked for otherwise."""

    def __init__(self, source, prefix=""):
        if isinstance(source, str):
            from safetensors.torch import load_file

            source = load_file(f"{PACK}/{source}.safetensors")
        self.tensors, self.prefix = source, prefix

    def at(self, prefix):
        return Weights(self.tensors, self.prefix + prefix)

    def __contains__(self, name):
        return self.prefix + name in self.tensors

    def __call__(self, name, dtype=torch.float32):
        return self.tensors[self.prefix + name].to(dtype)


class Plain(torch.nn.Module):
    """A module whose constants are buffers: w(name=tensor) keeps them."""

    def keep(self, **tensors):
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor.contiguous())


class Styled(Plain):
    def __init__(self, w, up):
        super().__init__()
        weight = w("conv.weight")[0]
        weight = weight / math.sqrt(weight[0].numel())
        self.up = up
        self.keep(
            weight=weight.transpose(0, 1) if up else weight, squares=weight.square().sum((2, 3)).t(),
            affine=w("conv.modulation.weight") / math.sqrt(w("conv.modulation.weight").shape[1]),
            offset=w("conv.modulation.bias"), strength=w("noise.weight"),
            bias=w("activate.bias").view(1, -1, 1, 1),
        )
        if up:
            taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
            self.keep(
                rows=taps.view(1, 1, 4, 1).repeat(len(weight), 1, 1, 1),
                columns=taps.view(1, 1, 1, 4).repeat(len(weight), 1, 1, 1),
            )

    def forward(self, x, code, noise):
        style = F.linear(code, self.affine, self.offset)
        demodulation = torch.rsqrt(style.square() @ self.squares + 1e-8)
        x = x * style[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, self.weight, stride=2)
            x = F.conv2d(x, self.rows, padding=(1, 0), groups=x.shape[1])
            x = F.conv2d(x, self.columns, padding=(0, 1), groups=x.shape[1])
        else:
            x = F.conv2d(x, self.weight, padding=1)
        x = x * demodulation[:, :, None, None] + self.strength * noise + self.bias
        return F.leaky_relu(x, 0.2) * math.sqrt(2)


class ToRGB(Plain):
    def __init__(self, w):
        super().__init__()
        weight = w("conv.weight")[0]
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
        self.keep(
            weight=weight / math.sqrt(weight.shape[1]),
            affine=w("conv.modulation.weight") / math.sqrt(w("conv.modulation.weight").shape[1]),
            offset=w("conv.modulation.bias"), bias=w("bias"),
            filter=torch.outer(taps, taps).view(1, 1, 4, 4).repeat(3, 1, 1, 1),
        )

    def forward(self, x, code, below):
        style = F.linear(code, self.affine, self.offset)
        image = F.conv2d(x * style[:, :, None, None], self.weight) + self.bias
        if below is None:
            return image
        return image + F.conv_transpose2d(below, self.filter, stride=2, padding=1, groups=3)


class Generator(Plain):
    def __init__(self):
        super().__init__()
        w = Weights("generator")
        count = 1 + max(int(name.split(".")[1]) for name in w.tensors if name.startswith("convs."))
        self.keep(const=w("input.input"))
        self.convs = torch.nn.ModuleList(
            [Styled(w.at("conv1."), False)]
            + [Styled(w.at(f"convs.{index}."), index % 2 == 0) for index in range(count)]
        )
        self.rgbs = torch.nn.ModuleList(
            [ToRGB(w.at("to_rgb1."))] + [ToRGB(w.at(f"to_rgbs.{index}.")) for index in range(count // 2)]
        )
        for index in range(count + 1):
            self.keep(**{f"noise_{index}": w(f"noises.noise_{index}")})

    def forward(self, codes):
        """Codes [N, 12, D] to images [N, 3, 128, 128], -1...1."""
        x = self.const.expand(len(codes), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        image = None
        for index, conv in enumerate(self.convs):
            x = conv(x, codes[:, index], getattr(self, f"noise_{index}"))
            if index % 2 == 0:
                image = self.rgbs[index // 2](x, codes[:, index + 1], image)
        return image


def norm(x, w, name):
    mean, deviation = w(name + ".running_mean"), torch.sqrt(w(name + ".running_var") + 1e-5)
    layer = torch.nn.BatchNorm2d(len(mean))
    layer.weight.data, layer.bias.data = w(name + ".weight"), w(name + ".bias")
    layer.running_mean, layer.running_var = mean, w(name + ".running_var")
    return layer


class Bottleneck(Plain):
    def __init__(self, w, stride):
        super().__init__()
        self.stride = stride
        self.before, self.after = norm(None, w, "res_layer.0"), norm(None, w, "res_layer.4")
        self.keep(
            first=w("res_layer.1.weight"), slope=w("res_layer.2.weight"), second=w("res_layer.3.weight"),
            squeeze=w("res_layer.5.fc1.weight"), excite=w("res_layer.5.fc2.weight"),
        )
        self.shortcut = None
        if "shortcut_layer.0.weight" in w:
            self.keep(skip=w("shortcut_layer.0.weight"))
            self.shortcut = norm(None, w, "shortcut_layer.1")

    def forward(self, x):
        y = F.conv2d(self.before(x), self.first, padding=1)
        y = self.after(F.conv2d(F.prelu(y, self.slope), self.second, padding=1, stride=self.stride))
        scale = F.conv2d(F.relu(F.conv2d(y.mean((2, 3), keepdim=True), self.squeeze)), self.excite)
        y = y * torch.sigmoid(scale)
        if self.shortcut is None:
            return y + x[:, :, :: self.stride, :: self.stride]
        return y + self.shortcut(F.conv2d(x, self.skip, stride=self.stride))


class PSP(Plain):
    def __init__(self, config):
        super().__init__()
        w = Weights("encoder", "encoder.")
        self.config = config
        self.keep(
            first=w("input_layer.0.weight"), slope=w("input_layer.2.weight"),
            average=Weights("encoder")("latent_avg"),
            lat1=w("latlayer1.weight"), lat1_bias=w("latlayer1.bias"),
            lat2=w("latlayer2.weight"), lat2_bias=w("latlayer2.bias"),
        )
        self.norm = norm(None, w, "input_layer.1")
        strides = [2 if unit == 0 else 1 for units in config["units"] for unit in range(units)]
        self.body = torch.nn.ModuleList(
            Bottleneck(w.at(f"body.{index}."), stride) for index, stride in enumerate(strides)
        )
        self.depths = []
        for style in range(config["styleCount"]):
            head = w.at(f"styles.{style}.")
            names = [name for name in ("convs.0", "convs.2", "convs.4", "convs.6", "convs.8", "convs.10")
                     if name + ".weight" in head]
            self.depths.append(len(names))
            for depth, name in enumerate(names):
                self.keep(**{f"w{style}_{depth}": head(name + ".weight"), f"b{style}_{depth}": head(name + ".bias")})
            linear = head("linear.weight")
            self.keep(**{f"l{style}": linear / math.sqrt(linear.shape[1]), f"lb{style}": head("linear.bias")})

    def forward(self, x):
        """Images [N, 3, 128, 128], -1...1, to codes [N, 12, D]."""
        x = F.prelu(self.norm(F.conv2d(x, self.first, padding=1)), self.slope)
        taps = []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in self.config["taps"]:
                taps.append(x)

        def up(small, large):
            return F.interpolate(small, size=large.shape[2:], mode="bilinear", align_corners=True)

        c1, c2, c3 = taps
        p2 = up(c3, c2) + F.conv2d(c2, self.lat1, self.lat1_bias)
        p1 = up(p2, c1) + F.conv2d(c1, self.lat2, self.lat2_bias)
        codes = []
        for style, depth in enumerate(self.depths):
            y = c3 if style < self.config["coarseIndex"] else p2 if style < self.config["middleIndex"] else p1
            for index in range(depth):
                y = F.conv2d(y, getattr(self, f"w{style}_{index}"), getattr(self, f"b{style}_{index}"), stride=2, padding=1)
                y = F.leaky_relu(y, 0.01)
            codes.append(F.linear(y.flatten(1), getattr(self, f"l{style}"), getattr(self, f"lb{style}")))
        return torch.stack(codes, 1) + self.average


class Vision(Plain):
    def __init__(self, config):
        super().__init__()
        w = Weights("clip", "visual.")
        self.layers, self.heads = config["vision"]["layers"], config["vision"]["heads"]
        self.patch = config["patch"]
        names = ["conv1.weight", "class_embedding", "positional_embedding", "proj"]
        names += [f"{norm}.{part}" for norm in ("ln_pre", "ln_post") for part in ("weight", "bias")]
        for layer in range(self.layers):
            names += [
                f"transformer.resblocks.{layer}.{part}" for part in
                ("ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias", "attn.in_proj_weight", "attn.in_proj_bias",
                 "attn.out_proj.weight", "attn.out_proj.bias", "mlp.c_fc.weight", "mlp.c_fc.bias",
                 "mlp.c_proj.weight", "mlp.c_proj.bias")
            ]
        for name in names:
            self.keep(**{name.replace(".", "_"): w(name)})

    def get(self, name):
        return getattr(self, name.replace(".", "_"))

    def layer_norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.get(name + ".weight"), self.get(name + ".bias"))

    def forward(self, x):
        """Normalised images [N, 3, 128, 128] to features [N, 128]."""
        x = F.conv2d(x, self.conv1_weight, stride=self.patch).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], 1) + self.positional_embedding
        x = self.layer_norm(x, "ln_pre")
        for layer in range(self.layers):
            def part(name):
                return self.get(f"transformer.resblocks.{layer}.{name}")

            h = self.layer_norm(x, f"transformer.resblocks.{layer}.ln_1")
            qkv = F.linear(h, part("attn.in_proj_weight"), part("attn.in_proj_bias"))
            q, k, v = qkv.view(*h.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = x + F.linear(h, part("attn.out_proj.weight"), part("attn.out_proj.bias"))
            h = self.layer_norm(x, f"transformer.resblocks.{layer}.ln_2")
            h = F.linear(h, part("mlp.c_fc.weight"), part("mlp.c_fc.bias"))
            x = x + F.linear(h * torch.sigmoid(1.702 * h), part("mlp.c_proj.weight"), part("mlp.c_proj.bias"))
        return self.layer_norm(x[:, 0], "ln_post") @ self.proj


class FrameEncoder(Plain):
    def __init__(self):
        super().__init__()
        w = Weights("vidstyleode", "bVAE_enc.swapae_encoder.")
        self.blocks = []

        def conv(key, name):
            weight = w(name + ".Conv.weight")
            tensors = {key: weight / math.sqrt(weight[0].numel())}
            for bias in (".Act.bias", ".Conv.bias"):
                if name + bias in w:
                    tensors[key + "_bias"] = w(name + bias)
            self.keep(**tensors)

        conv("rgb", "FromRGB")
        names = sorted({n.split(".")[3] for n in w.tensors if ".DownToSpatialCode." in n}, key=lambda n: int("".join(filter(str.isdigit, n))))
        for index, name in enumerate(names):
            for part in ("conv1", "conv2", "skip"):
                conv(f"{part}_{index}", f"DownToSpatialCode.{name}.{part}")
        self.count = len(names)
        conv("code0", "ToSpatialCode.0")
        conv("code1", "ToSpatialCode.1")

    def forward(self, x):
        """Frames [T, 3, 128, 128], 0...1, to unit vectors [T, 64, 8, 8]."""
        def act(x):
            return F.leaky_relu(x, 0.2) * math.sqrt(2)

        x = act(F.conv2d(x, self.rgb, self.rgb_bias))
        for index in range(self.count):
            def get(name):
                return getattr(self, f"{name}_{index}")

            y = F.pad(x, (1, 1, 1, 1), mode="reflect")
            y = act(F.conv2d(y, get("conv1"), getattr(self, f"conv1_{index}_bias")))
            y = F.pad(y, (1, 0, 1, 0), mode="reflect")
            y = act(F.conv2d(y, get("conv2"), getattr(self, f"conv2_{index}_bias"), stride=2))
            x = (y + F.conv2d(x[:, :, ::2, ::2], get("skip"))) / math.sqrt(2)
        x = act(F.conv2d(x, self.code0, self.code0_bias))
        x = F.conv2d(x, self.code1, self.code1_bias)
        return x * torch.rsqrt(x.square().sum(1, keepdim=True) + 1e-8)


class Field(Plain):
    """dz/dt of the latent dynamics, float64."""

    def __init__(self, name):
        super().__init__()
        w = Weights("vidstyleode", name)
        self.names = [index for index in range(0, 20, 2) if f"{index}.weight" in w]
        for index in self.names:
            self.keep(**{f"w{index}": w(f"{index}.weight", torch.float64), f"b{index}": w(f"{index}.bias", torch.float64)})

    def forward(self, x):
        for index in self.names:
            x = F.conv2d(x, getattr(self, f"w{index}"), getattr(self, f"b{index}"), padding=1)
            if index != self.names[-1]:
                x = torch.tanh(x)
        return x


class Recurrence(Plain):
    """Codes of all frames, last to first, to z_d0, float64."""

    def __init__(self):
        super().__init__()
        w = Weights("vidstyleode", "bVAE_enc.encoder_z0.")
        self.field = Field("bVAE_enc.encoder_z0.z0_diffeq_solver.ode_func.gradient_net.")
        for key, name in [("gates", "cell_list.0.conv_gates"), ("candidate", "cell_list.0.conv_can"),
                          ("first", "transform_z0.0"), ("second", "transform_z0.2")]:
            self.keep(**{key: w(name + ".weight", torch.float64), key + "_bias": w(name + ".bias", torch.float64)})

    def forward(self, codes, times):
        h = torch.zeros_like(codes[:1])
        previous = times[-1] + 0.01
        for index in range(len(times) - 1, -1, -1):
            h = h + self.field(h) * (times[index] - previous).double()
            x = codes[index : index + 1]
            gates = torch.sigmoid(F.conv2d(torch.cat([x, h], 1), self.gates, self.gates_bias, padding=1))
            r, u = gates.chunk(2, 1)
            n = torch.tanh(F.conv2d(torch.cat([x, r * h], 1), self.candidate, self.candidate_bias, padding=1))
            h = (1 - u) * h + u * n
            previous = times[index]
        z = F.relu(F.conv2d(h, self.first, self.first_bias))
        return F.conv2d(z, self.second, self.second_bias).chunk(2, 1)[0][0]


class Modulation(Plain):
    """Content, style and dynamics to the codes of frames."""

    def __init__(self, config):
        super().__init__()
        w = Weights("vidstyleode")
        self.config = config
        for name, tensor in w.tensors.items():
            if name.startswith(("modulation_network.", "style_mapper.")):
                self.keep(**{name.replace(".", "_"): tensor.float()})

    def get(self, name):
        return getattr(self, name.replace(".", "_"))

    def linear(self, x, name):
        return F.linear(x, self.get(name + ".weight"), getattr(self, (name + ".bias").replace(".", "_"), None))

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.get(name + ".weight"), self.get(name + ".bias"))

    def attend(self, x, y, name):
        def split(z):
            return z.view(*z.shape[:2], self.config["heads"], -1).transpose(1, 2)

        q, k, v = self.linear(x, name + ".query"), self.linear(y, name + ".key"), self.linear(y, name + ".value")
        out = F.scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).flatten(2)
        return self.linear(out, name + ".proj")

    def mlp(self, x, name):
        return self.linear(F.gelu(self.linear(x, name + ".0")), name + ".2")

    def forward(self, content, style, states):
        """Content [12, D], style [128], states [T, 128, 8, 8] to codes [T, 12, D]."""
        root = "modulation_network."
        x = states.flatten(2).transpose(1, 2)
        x = x + self.get(root + "dyn_pos_emb")[:, : x.shape[1]]
        for layer in range(self.config["selfAttentionLayers"]):
            name = f"{root}slf_blocks.{layer}."
            h = self.norm(x, name + "ln1")
            x = x + self.attend(h, h, name + "attn")
            x = x + self.mlp(self.norm(x, name + "ln2"), name + "mlp")
        token = (style + self.get(root + "content_pos_emd")).expand(len(x), 1, -1)
        copies = [token, token, token[:1]]
        for layer in range(self.config["crossAttentionLayers"]):
            for copy in range(2):
                name = f"{root}blocks.{layer}.{copy}."
                y = copies[copy]
                y = y + self.attend(self.norm(y, name + "x_ln1"), self.norm(x, name + "y_ln1"), name + "attn")
                copies[copy] = y + self.mlp(self.norm(y, name + "ln2"), name + "mlp")
        start, deltas = 0, []
        for index, group in enumerate(["coarse", "medium", "fine"]):
            condition = self.norm(copies[index], f"{root}ln_f.{index}")
            condition = F.linear(condition, self.get(f"{root}head.{index}.weight"))
            count = self.config["groups"][index]
            y = content[None, start : start + count]
            start += count
            y = y * torch.rsqrt(y.square().mean(1, keepdim=True) + 1e-8)
            for module in range(self.config["modulesPerGroup"][index]):
                name = f"style_mapper.{group}_mapping.mapper.modulation_module_list.{module}."
                y = self.linear(y, name + "fc")
                y = F.layer_norm(y, y.shape[1:])
                gamma, beta = [
                    self.linear(F.leaky_relu(self.norm(self.linear(condition, name + part + ".0"), name + part + ".1"), 0.01), name + part + ".3")
                    for part in ("gamma_function", "beta_function")
                ]
                y = y * (1 + gamma) + beta
                if module < self.config["modulesPerGroup"][index] - 1 or not self.config["lastModuleIsLinear"]:
                    y = F.leaky_relu(y, 0.01)
            deltas.append(y.expand(len(x), -1, -1))
        return content + self.config["deltaScale"] * torch.cat(deltas, 1)


def manifest():
    with open(f"{PACK}/pack.json") as file:
        return json.load(file)


def first_frame(assets):
    """What `vsdb compose -o -` does for 50 frames at 25 per second, until the first is out."""
    from safetensors.torch import load_file
    from torchdiffeq import odeint

    config = manifest()
    stored = load_file(assets)
    field = Field("bVAE_enc.diffeq_solver.ode_func.gradient_net.")
    times = torch.arange(50, dtype=torch.float64) / 25 / config["time"]["unitSeconds"]
    with torch.inference_mode():
        states = odeint(lambda t, z: field(z), stored["dynamics"].double()[None], times, rtol=1e-3, atol=1e-4)
        w = Weights("vidstyleode")
        projected = F.conv2d(states[:, 0].float(), w("bVAE_enc.conv1x1.weight"), w("bVAE_enc.conv1x1.bias"))
        # Only what the first frame needs.
        modulation = Modulation(config["dynamics"]["modulation"])
        codes = modulation(stored["content"], stored["style"], projected[:1])
        image = Generator()(codes)[0]
        pixels = ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return pixels.permute(1, 2, 0).contiguous().numpy().tobytes()


class Ingest:
    """What `vsdb ingest` does with a film: clips of two seconds, so many frames of each looked at as the pack says."""

    def __init__(self):
        torch._inductor.config.freezing = True
        config = manifest()
        self.config = config

        def prepare(network):
            return torch.compile(network.eval().to(memory_format=torch.channels_last))

        self.psp, self.generator = prepare(PSP(config["encoder"]["config"])), prepare(Generator())
        self.frames, self.vision = prepare(FrameEncoder()), prepare(Vision(config["clip"]["config"]))
        self.recurrence = Recurrence().eval()
        clip = config["clip"]["config"]
        self.mean, self.deviation = [torch.tensor(clip[name]).view(3, 1, 1) for name in ("mean", "deviation")]

    def __call__(self, path, folder):
        """Encodes a film; one safetensors file and one row of an SQLite catalogue a clip."""
        import hashlib
        import sqlite3

        import av
        import numpy
        from PIL import Image

        os.makedirs(folder, exist_ok=True)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        catalogue = sqlite3.connect(folder + "/catalogue.sqlite")
        catalogue.execute("pragma journal_mode=wal")
        catalogue.execute("create table if not exists clips (source, start, file)")
        with av.open(path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            rate = float(stream.average_rate)
            length = round(self.config["time"]["clipSeconds"] * rate)
            count = self.config["time"]["observedFrames"]
            wanted = [round(index * (length - 1) / (count - 1)) for index in range(count)]
            seen, times = [], []
            for index, frame in enumerate(container.decode(stream)):
                if index % length in wanted:
                    image = frame.to_image()
                    side = min(image.size)
                    left, top = (image.width - side) // 2, (image.height - side) // 2
                    image = image.resize((128, 128), Image.BILINEAR, box=(left, top, left + side, top + side))
                    seen.append(numpy.asarray(image))
                    times.append(index % length / rate)
                if index % length == length - 1:
                    with torch.inference_mode():
                        self.clip(seen, times, f"{folder}/{index // length}.safetensors")
                    catalogue.execute("insert into clips values (?, ?, ?)", (digest, index // length, folder))
                    catalogue.commit()
                    seen, times = [], []
        catalogue.close()

    def clip(self, seen, times, file):
        import numpy
        from PIL import Image
        from safetensors.torch import save_file

        frames = torch.from_numpy(numpy.stack(seen)).permute(0, 3, 1, 2).float() / 255
        frames = frames.contiguous(memory_format=torch.channels_last)
        codes = self.psp(frames * 2 - 1)
        content = codes.mean(0)
        chosen = [0, len(codes) // 2, len(codes) - 1]
        # The reconstructions and the picture of the content in one batch.
        pictures = self.generator(torch.cat([codes[chosen], content[None]]))
        distance = F.avg_pool2d(pictures[:3] - (frames[chosen] * 2 - 1), 4).square().mean((1, 2, 3)).sqrt().mean()
        still = (pictures[3:] + 1) / 2
        # The same way into CLIP for both: they are its size already.
        images = (torch.cat([still, frames]) - self.mean) / self.deviation
        features = self.vision(images.contiguous(memory_format=torch.channels_last))
        look = F.normalize(F.normalize(features[1:], dim=1).mean(0), dim=0)
        unit = self.config["time"]["unitSeconds"]
        shifted = (torch.tensor(times, dtype=torch.float64) - times[0]).div(unit).float()
        dynamics = self.recurrence(self.frames(frames).double(), shifted)
        strip = Image.new("RGB", (8 * 96, 96))
        for column, index in enumerate(round(i * (len(seen) - 1) / 7) for i in range(8)):
            strip.paste(Image.fromarray(seen[index]).resize((96, 96), Image.BILINEAR), (96 * column, 0))
        strip.save(file + ".jpg", quality=88)
        save_file(
            {"content": content.contiguous(), "dynamics": dynamics.float().contiguous(),
             "style": features[0].contiguous(), "look": look.contiguous(), "reconstruction": distance[None]}, file,
        )
        with open(file, "rb") as stored:
            os.fsync(stored.fileno())


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    sys.stdout.buffer.write(first_frame(sys.argv[2]))
