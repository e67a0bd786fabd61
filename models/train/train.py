"""Training: fixed iterations, seeds, checkpoints."""
import inspect
import math
import os
import time

import numpy as np
import torch

import detect
import mine
import network
import stream
import targets


class Average:
    """Exponential moving average of the weights (and of the norm statistics)."""

    def __init__(self, net, decay):
        self.decay, self.step = decay, 0
        self.state = {k: v.detach().clone() for k, v in net.state_dict().items()}

    def update(self, net):
        self.step += 1
        keep = min(self.decay, (1 + self.step) / (10 + self.step))
        for k, v in net.state_dict().items():
            if v.dtype.is_floating_point:
                self.state[k].mul_(keep).add_(v.detach(), alpha=1 - keep)
            else:
                self.state[k].copy_(v)


def rate(step, options):
    """One cosine cycle with a linear warm-up, as a factor of lr."""
    if step < options["warmup"]:
        return (step + 1) / options["warmup"]
    t = (step - options["warmup"]) / max(1, options["iterations"] - options["warmup"])
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * t))


def mining_steps(options):
    return [int(share * options["iterations"]) for share in options["mine_at"]]


def tensors(patches, recipe, rng):
    """image (B,1,n,n,n) and the targets' tensors of a batch of patches."""
    images, parts = [], []
    for patch in patches:
        hu, weight, lesions = flip(*patch, rng)
        images.append(detect.scale(hu, recipe["hu_window"]))
        parts.append(targets.make(lesions[:, :4], weight, recipe["spacing_mm"], recipe["loss"]))
    image = torch.from_numpy(np.stack(images))[:, None]
    return image, [torch.from_numpy(np.stack(p)) for p in zip(*parts)]


def flip(hu, weight, lesions, rng):
    """Mirrors along each axis, and x with y: thickness stays along z.

    Everything else (turns, scale, noise, kernel) is the generator's.
    """
    n, lesions = hu.shape[0], lesions.copy()
    for axis in range(3):
        if rng.random() < 0.5:
            hu, weight = np.flip(hu, axis), np.flip(weight, axis)
            lesions[:, axis] = n - 1 - lesions[:, axis]
    if rng.random() < 0.5:
        hu, weight = hu.transpose(0, 2, 1), weight.transpose(0, 2, 1)
        lesions[:, [1, 2]] = lesions[:, [2, 1]]
    return np.ascontiguousarray(hu), np.ascontiguousarray(weight), lesions


def precision(name, device):
    """The type that convolutions multiply in: torch.float32 or torch.bfloat16.

    auto takes bfloat16 where the hardware has it: on a GPU, and on a CPU with
    AMX, where a step takes 0.7 of the time. Weights, sums and losses stay
    float32.
    """
    if name == "auto":
        native = torch.cuda.is_bf16_supported() if device.startswith("cuda") else has_amx()
        name = "bfloat16" if native else "float32"
    return getattr(torch, name)


def has_amx():
    try:
        with open("/proc/cpuinfo") as f:
            return "amx_bf16" in f.read()
    except OSError:
        return False


def multiplying(kind, device):
    """The context in which a network's convolutions multiply in this type."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=kind == torch.bfloat16)


def run(recipe, scans, generator, out, device="cpu", log=print, kind=torch.float32):
    """Trains on the generator's patches; returns the averaged net.

    scans: the training scans and phantoms, for mining. generator(seed, first,
    hard): the command that streams patches from index first on; hard is the
    label file of mining, None before it. kind: see precision.
    """
    options, seed = recipe["train"], recipe["seed"]
    torch.manual_seed(seed)
    net = network.build(recipe).to(device)
    parameters, flops = network.cost(net)
    log("network: %d parameters, %.1f kFLOP per input voxel" % (parameters, flops / 1e3))
    optimiser = torch.optim.AdamW(net.parameters(), lr=options["lr"],
                                  weight_decay=options["weight_decay"])
    average = Average(net, options["ema"])
    path, hard = os.path.join(out, "checkpoint.pt"), os.path.join(out, "hard.csv")
    start = 0
    if os.path.exists(path):
        start = restore(path, recipe, net, optimiser, average, device)
        log("resumed at %d" % start)
    mine_at = mining_steps(options)
    mined = start > mine_at[0]
    patches, rng, replay = None, np.random.default_rng([seed, start]), None
    sums, clock = np.zeros(3), time.time()
    try:
        for step in range(start, options["iterations"]):
            if step in mine_at:
                mine.collect(averaged(recipe, average, device), scans, recipe, hard, device, log)
                mined = True
            if patches is None or step in mine_at:
                if patches:
                    patches.close()
                patches = stream.Patches(generator(seed, step * options["fresh"],
                                                   hard if mined else None))
                replay = replay or stream.Replay(patches, options["replay"], rng)
                replay.patches = patches
            for group in optimiser.param_groups:
                group["lr"] = options["lr"] * rate(step, options)
            image, target = tensors(replay.batch(options["batch"], options["fresh"]), recipe, rng)
            sums += iterate(net, optimiser, image.to(device), [t.to(device) for t in target],
                            recipe["loss"], kind)
            average.update(net)
            if (step + 1) % 50 == 0:
                log("%5d  loss %.3f  heat %.3f  shape %.3f  %.2f s/it"
                    % (step + 1, *(sums / 50), (time.time() - clock) / 50))
                sums, clock = np.zeros(3), time.time()
            if (step + 1) % options["checkpoint_every"] == 0 or step + 1 == options["iterations"]:
                keep(path, recipe, net, optimiser, average, step + 1)
    finally:
        if patches:
            patches.close()
    return averaged(recipe, average, device)


def iterate(net, optimiser, image, target, options, kind=torch.float32):
    with multiplying(kind, image.device):
        heat, shape = net(image)
    loss, focal, l1 = targets.loss(heat.float(), shape.float(), target, options)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    optimiser.step()
    return loss.item(), focal.item(), l1.item()


def keep(path, recipe, net, optimiser, average, step):
    torch.save({"recipe": recipe, "net": net.state_dict(), "step": step,
                "optimiser": optimiser.state_dict(), "average": average.state}, path + ".new")
    os.replace(path + ".new", path)


def restore(path, recipe, net, optimiser, average, device):
    # A checkpoint holds the recipe too; newer PyTorch would load tensors alone.
    whole = {"weights_only": False} if "weights_only" in inspect.signature(torch.load).parameters else {}
    saved = torch.load(path, map_location=device, **whole)
    if saved["recipe"] != recipe:
        raise SystemExit("%s belongs to another recipe: remove it to start again" % path)
    net.load_state_dict(saved["net"])
    optimiser.load_state_dict(saved["optimiser"])
    average.state, average.step = saved["average"], saved["step"]
    return saved["step"]


def averaged(recipe, average, device):
    net = network.build(recipe).to(device)
    net.load_state_dict(average.state)
    return net.eval()
