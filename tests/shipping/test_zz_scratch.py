import pytest
from collections import Counter
from hypothesis import settings, Phase
from hypothesis.stateful import run_state_machine_as_test
from tests.examples import examples
from tests.shipping.test_label_machine import LabelLife
from tests.shipping.labels.worlds import world as world
L=Counter(); M=Counter()
def wrap(name):
    real=getattr(LabelLife,name)
    def f(self,*a):
        before=dict(self._labels().values_list('pk','state'))
        real(self,*a)
        after=dict(self._labels().values_list('pk','state'))
        ch=sorted((before.get(k,'-'),v) for k,v in after.items() if before.get(k)!=v)
        M[name,str(ch)]+=1
    return f
class X(LabelLife):
    def __init__(self): super().__init__(); L['runs']+=1
for k in ("buy","a_person_voids","time_passes","the_sweeps_run","the_provider_decides_a_refund","a_person_replaces_the_key","a_person_is_at_the_desk"): setattr(X,k,wrap(k))
@pytest.mark.usefixtures("world")
def test_l(db):
    run_state_machine_as_test(X, settings=settings(examples(40, steps=25)))
    print("L",L)
    for k,v in sorted(M.items()): print("M",v,k)
