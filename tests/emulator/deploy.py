"""Deploys deploy/template.yaml on the emulator with the AWS command line, as a person deploys it on AWS.

    deploy.py package TEMPLATE BINARIES WORK TICK
    deploy.py deploy STACK WORK [NAME=VALUE ...]

TEMPLATE is the template as it is; BINARIES the folder with <function>/bootstrap; WORK a folder for what is written on
the way; TICK the time that the schedule's runs are told; the rest are the template's parameters. Packaging prints what
was changed for the emulator, deploying prints the stack's outputs, as JSON.
"""

import json
import os
import pathlib
import subprocess
import sys

from awscli.customizations.cloudformation.yamlhelper import yaml_parse

# What MiniStack 1.5.33 cannot take: (resource type, what is changed, why). Nothing else differs from what AWS gets.
# A row that finds nothing to change is an error, so that the table cannot outlive its reasons.
DIFFERENCES = [
    ("AWS::Serverless::Function", "without_rollout",
     "it has no CodeDeploy: the alias moves at once"),
    ("AWS::Lambda::EventSourceMapping", "without_scaling",
     "MaximumConcurrency, which a parameter gives as text, is compared with a number, and no queue is polled any more"),
    ("AWS::Scheduler::Schedule", "with_a_fixed_time",
     "it does not fill in <aws.scheduler.scheduled-time>: its runs are all told the same time"),
    ("AWS::SQS::QueuePolicy", "without_tls",
     "it speaks plain HTTP, and evaluates the policy: every call would be refused; one queue keeps the policy to show it"),
    ("AWS::SNS::TopicPolicy", "without_tls", "the same"),
    ("AWS::S3::BucketPolicy", "without_tls", "the same"),
]

BUCKET = "deployments"
PACKAGED = "packaged.json"
# The queue that keeps its policy: nothing sends to it in the run.
KEEPS_TLS = "ScheduleDeadLettersPolicy"


def without_rollout(_logical, properties, _tick):
    return properties.pop("DeploymentPreference", None) is not None


def without_scaling(_logical, properties, _tick):
    return properties.pop("ScalingConfig", None) is not None


def with_a_fixed_time(_logical, properties, tick):
    text = properties["Target"]["Input"]
    properties["Target"]["Input"] = text.replace("<aws.scheduler.scheduled-time>", tick)
    return properties["Target"]["Input"] != text


def without_tls(logical, properties, _tick):
    document = properties["PolicyDocument"]
    if logical == KEEPS_TLS:
        return False
    kept = [one for one in document["Statement"] if "aws:SecureTransport" not in json.dumps(one.get("Condition", {}))]
    changed = len(kept) < len(document["Statement"])
    document["Statement"] = kept
    return changed


def adapt(template, tick):
    """Applies the table; returns what it changed, a line each."""
    changes = []
    resources = template["Resources"]
    for kind, change, why in DIFFERENCES:
        before = len(changes)
        for logical in [name for name, resource in resources.items() if resource["Type"] == kind]:
            resource = resources[logical]
            if globals()[change](logical, resource["Properties"], tick):
                changes.append(f"{logical} {change.replace('_', ' ')}: {why}")
            if resource["Properties"].get("PolicyDocument", {}).get("Statement") == []:
                del resources[logical]  # a policy of no statement is none
        if len(changes) == before:
            sys.exit(f"deploy.py: no {kind} is left to deploy {change.replace('_', ' ')}: remove the row from DIFFERENCES")
    return changes


def from_here(template, binaries):
    """Names the folders of the binaries: a relative one would be looked for beside the adapted template."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            function = pathlib.PurePath(resource["Properties"]["CodeUri"]).name
            resource["Properties"]["CodeUri"] = str(pathlib.Path(binaries, function).resolve())


class Refused(Exception):
    """What the AWS command line said."""


def aws(*arguments):
    """The AWS command line of this virtual environment, with the emulator named on every call: no call leaves the
    machine."""
    command = [sys.executable, "-m", "awscli", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"aws {' '.join(arguments[:2])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def reasons(stack):
    """Why a stack's resources were not made: the command line says only how to ask."""
    try:
        events = aws("cloudformation", "describe-stack-events", "--stack-name", stack, "--output", "json")
    except Refused:
        return ""  # refused before there was a stack
    failed = [event for event in json.loads(events)["StackEvents"] if event["ResourceStatus"].endswith("_FAILED")]
    return "".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}\n" for event in failed)


def package(template_file, binaries, work, tick):
    template = yaml_parse(pathlib.Path(template_file).read_text(encoding="utf-8"))
    changes = adapt(template, tick)
    from_here(template, binaries)
    adapted, packaged = pathlib.Path(work, "adapted.json"), pathlib.Path(work, PACKAGED)
    adapted.write_text(json.dumps(template), encoding="utf-8")
    if not packaged.exists():  # the first time
        aws("s3", "mb", f"s3://{BUCKET}")
    aws("cloudformation", "package", "--template-file", str(adapted), "--s3-bucket", BUCKET, "--use-json",
        "--output-template-file", str(packaged))
    return changes


def deploy(stack, work, *parameters):
    try:
        aws("cloudformation", "deploy", "--template-file", str(pathlib.Path(work, PACKAGED)), "--stack-name", stack,
            "--s3-bucket", BUCKET, "--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
            "--parameter-overrides", *parameters)
    except Refused as refused:
        raise Refused(f"{refused}{reasons(stack)}") from None
    described = json.loads(aws("cloudformation", "describe-stacks", "--stack-name", stack, "--output", "json"))
    return {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0].get("Outputs", [])}


if __name__ == "__main__":
    try:
        json.dump({"package": package, "deploy": deploy}[sys.argv[1]](*sys.argv[2:]), sys.stdout)
    except Refused as error:
        sys.exit(f"deploy.py: {error}")
