"""Training: fixed iterations, seeds, checkpoints."""
import math
import os
import time

import numpy as np
import torch

import data
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


class Sampler:
    """Draws batches from the stream's replay, real lesions and hard negatives."""

    def __init__(self, replay, scans, recipe, rng):
        self.replay, self.recipe, self.rng = replay, recipe, rng
        self.real = [(scan, row) for scan in scans for row in scan.lesions("nodule")]
        self.hard = []

    def patch(self):
        options, rng, n = self.recipe["train"], self.rng, self.recipe["patch"]
        u = rng.random()
        if u < options["real"] and self.real:
            scan, row = self.real[rng.integers(len(self.real))]
            return data.cut(scan, row[:3] + rng.uniform(-0.3, 0.3, 3) * n, n, rng)
        if u < options["real"] + options["hard"] and self.hard:
            scan, centres, chance = self.hard[rng.integers(len(self.hard))]
            at = centres[rng.choice(len(centres), p=chance)]
            return data.cut(scan, at + rng.uniform(-0.3, 0.3, 3) * n, n, rng)
        return self.replay.draw()

    def batch(self):
        """image (B,1,n,n,n) and the targets' tensors."""
        images, parts = [], []
        for _ in range(self.recipe["train"]["batch"]):
            hu, weight, lesions = flip(*self.patch(), self.rng)
            hu = vary(hu, self.rng)
            images.append(detect.scale(hu, self.recipe["hu_window"]))
            parts.append(targets.make(lesions, weight, self.recipe["spacing_mm"],
                                      self.recipe["loss"]))
        image = torch.from_numpy(np.stack(images))[:, None]
        return image, [torch.from_numpy(np.stack(p)) for p in zip(*parts)]


def flip(hu, weight, lesions, rng):
    """Mirrors along each axis, and x with y: thickness stays along z."""
    n, lesions = hu.shape[0], lesions.copy()
    for axis in range(3):
        if rng.random() < 0.5:
            hu, weight = np.flip(hu, axis), np.flip(weight, axis)
            lesions[:, axis] = n - 1 - lesions[:, axis]
    if rng.random() < 0.5:
        hu, weight = hu.transpose(0, 2, 1), weight.transpose(0, 2, 1)
        lesions = lesions[:, [0, 2, 1, 3]]
    return np.ascontiguousarray(hu), np.ascontiguousarray(weight), lesions


def vary(hu, rng):
    """A scanner's gain and offset, and sometimes more noise."""
    hu = (hu.astype(np.float32) + 1000) * rng.uniform(0.96, 1.04) - 1000 + rng.uniform(-15, 15)
    if rng.random() < 0.3:
        hu += rng.standard_normal(hu.shape, np.float32) * rng.uniform(5, 25)
    return hu


def run(recipe, scans, command, out, device="cpu", log=print):
    """Trains on the given scans and the patches of command(seed); returns the averaged net."""
    options, seed = recipe["train"], recipe["seed"]
    torch.manual_seed(seed)
    net = network.build(recipe).to(device)
    parameters, flops = network.cost(net)
    log("network: %d parameters, %.1f kFLOP per input voxel" % (parameters, flops / 1e3))
    optimiser = torch.optim.AdamW(net.parameters(), lr=options["lr"],
                                  weight_decay=options["weight_decay"])
    average = Average(net, options["ema"])
    path, start, hard = os.path.join(out, "checkpoint.pt"), 0, None
    if os.path.exists(path):
        saved = torch.load(path, map_location=device)
        if saved["recipe"] != recipe:
            raise SystemExit("%s belongs to another recipe: remove it to start again" % path)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        average.state, average.step = saved["average"], saved["step"]
        start, hard = saved["step"], saved["hard"]
        log("resumed at %d" % start)
    # A resumed run goes on with patches of its own: it is a repeatable run,
    # but not the run that was never cut off.
    rng = np.random.default_rng([seed, start])
    patches = stream.Patches(command(seed * 1000 + start))
    replay = stream.Replay(patches, options["replay"], rng)
    sampler = Sampler(replay, scans, recipe, rng)
    by_uid = {scan.uid: scan for scan in scans}
    sampler.hard = [(by_uid[u], c, p) for u, c, p in hard or []]
    replay.fill(min(options["replay"], 16 * options["batch"]))
    mine_at = {int(share * options["iterations"]) for share in options["mine_at"]}
    sums, clock, kept = np.zeros(3), time.time(), []
    try:
        for step in range(start, options["iterations"]):
            if step in mine_at:
                sampler.hard = mine.collect(averaged(recipe, average, device), scans, recipe,
                                            device, log)
                kept = [(s.uid, c, p) for s, c, p in sampler.hard]
            for group in optimiser.param_groups:
                group["lr"] = options["lr"] * rate(step, options)
            replay.fill(options["fresh"])
            image, target = sampler.batch()
            heat, shape = net(image.to(device))
            loss, focal, l1 = targets.loss(heat, shape, [t.to(device) for t in target],
                                           recipe["loss"])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            optimiser.step()
            average.update(net)
            sums += (loss.item(), focal.item(), l1.item())
            if (step + 1) % 50 == 0:
                log("%5d  loss %.3f  heat %.3f  shape %.3f  %.2f s/it"
                    % (step + 1, *(sums / 50), (time.time() - clock) / 50))
                sums, clock = np.zeros(3), time.time()
            if (step + 1) % options["checkpoint_every"] == 0 or step + 1 == options["iterations"]:
                torch.save({"recipe": recipe, "net": net.state_dict(), "step": step + 1,
                            "optimiser": optimiser.state_dict(), "average": average.state,
                            "hard": kept or hard}, path + ".new")
                os.replace(path + ".new", path)
    finally:
        patches.close()
    return averaged(recipe, average, device)


def averaged(recipe, average, device):
    net = network.build(recipe).to(device)
    net.load_state_dict(average.state)
    return net.eval()
