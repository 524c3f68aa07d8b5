"""Kubernetes' workloads as services."""

from everyhop.scan.syntax import workloads

POD = """
kind: Pod
metadata: {name: one}
spec:
  containers:
    - {name: database, image: "postgres:17", args: ["-c", "ssl=on"]}
    - {name: nothing}
"""
SELECTED = """
kind: Service
metadata: {name: main}
spec: {selector: {app: database}}
---
kind: Service
metadata: {name: other}
spec: {selector: {app: web}}
---
kind: StatefulSet
metadata: {name: set}
spec:
  template:
    metadata: {labels: {app: database, tier: back}}
    spec:
      containers:
        - {name: database, image: "mysql:8.4"}
"""


def test_a_pod_is_a_service_with_its_image_and_its_words() -> None:
    """A container without an image is none."""
    (service,) = workloads.parse(POD)
    assert service.name == "one"
    assert service.image is not None
    assert service.image.pieces == ("postgres:17",)
    assert [argument.pieces for argument in service.arguments] == [("-c",), ("ssl=on",)]


def test_a_workload_is_reached_by_the_services_that_select_it() -> None:
    """All of a selector's labels have to be there."""
    (service,) = workloads.parse(SELECTED)
    assert (service.name, service.aliases) == ("main", ("set",))


def test_what_is_no_workload_or_no_yaml_has_none() -> None:
    """Whoever reads the variables of the same file says that it is no YAML."""
    assert workloads.parse("kind: ConfigMap\ndata: {image: postgres}\n") == ()
    assert workloads.parse("kind: Pod\nspec: [\n") == ()
    assert workloads.parse("services:\n  db: {image: postgres}\n") == ()


def test_a_template_s_hole_is_a_hole_in_the_image() -> None:
    """The tag is known only when the chart is rendered."""
    (service,) = workloads.parse(POD.replace("postgres:17", "postgres:{{ .Values.tag }}"))
    assert service.image is not None
    assert service.image.pieces[0] == "postgres:"
    assert len(service.image.pieces) == 2
