# The public names and their modules, stated once: type checkers read them here, and so does `__init__.py`.
from fastweights.cells.associative_lstm import AssociativeLSTM as AssociativeLSTM
from fastweights.cells.base import Cell as Cell
from fastweights.cells.fast_weights import FastWeights as FastWeights
from fastweights.cells.irnn import IRNN as IRNN
from fastweights.cells.lstm import LSTM as LSTM
from fastweights.cells.standard_rnn import StandardRNN as StandardRNN
from fastweights.compilation import keep_compiled as keep_compiled
from fastweights.errors import FastweightsError as FastweightsError
from fastweights.memories import DecayingMatrix as DecayingMatrix
from fastweights.memories import DecayingStates as DecayingStates
from fastweights.models import ClassifierOptions as ClassifierOptions
from fastweights.models import SequenceClassifier as SequenceClassifier
from fastweights.models import partition as partition
from fastweights.plugins import load_plugin as load_plugin
from fastweights.registry import register_cell as register_cell
from fastweights.registry import register_check as register_check
from fastweights.registry import register_memory as register_memory
from fastweights.registry import register_paper as register_paper
from fastweights.registry import register_task as register_task
from fastweights.runs.worker import load_model as load_model
from fastweights.tasks.associative_retrieval import AssociativeRetrieval as AssociativeRetrieval
from fastweights.training.evaluation import evaluate as evaluate
from fastweights.training.loop import fit as fit
from fastweights.training.loop import init as init
from fastweights.training.loop import resume as resume
from fastweights.training.loop import train_batched as train_batched
from fastweights.training.options import TrainingOptions as TrainingOptions

__version__: str
