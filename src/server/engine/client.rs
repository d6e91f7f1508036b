//! stub
use crate::model::delivery::{FailureKind, Timing};
use std::{sync::Arc, time::Duration};
#[derive(Clone)]
pub struct Outbound;
#[derive(Clone)]
pub struct Outgoing {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: bytes::Bytes,
    pub timeout: Duration,
}
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub truncated: bool,
}
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    pub answer: Option<Answer>,
}
pub struct Exchange {
    pub timing: Timing,
    pub result: Result<Answer, Failure>,
}
impl Outbound {
    pub fn new(_p: Arc<super::address::AddressPolicy>, _ua: &str) -> Result<Self, String> {
        Ok(Self)
    }
    pub async fn send(&self, _o: Outgoing) -> Exchange {
        unimplemented!()
    }
}
