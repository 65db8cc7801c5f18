"""A first search: the best networks of a small space within two budgets on this machine."""

import hwnas

device = hwnas.load_device("local_cpu")
space = hwnas.load_space("nas_bench_macro", resolution=16)
latency = hwnas.profile(space, device, quick=True)  # table="cpu.sqlite" keeps it
problem = hwnas.Problem(space, latency, budgets={"latency": "0.3 ms", "macs": "8 M"})


def accuracy(networks):  # yours: train each network, return one number for each
    return [sum(block.out_channels for block in network) for network in networks]


result = hwnas.run_search(problem, accuracy, searcher="layernas", evaluations=100, seed=0)
print(result.front)
result.front.plot().savefig("front.png")
result.best.save_onnx("best.onnx")
